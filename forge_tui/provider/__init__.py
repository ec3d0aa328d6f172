"""All that knows HTTP or a model: client, presets, prompt, reply, local rules and the simulator."""
