"""A faithful simulator of the Sarvam chat API: one provider behind an in-process transport and a loopback port."""
