"""Parts of a screen: each shows the view it is handed and knows no hub, store, pipeline or provider."""
