"""A stand-in for OpenRouter: its interface, without a model behind it. The same request gets the same answer."""
