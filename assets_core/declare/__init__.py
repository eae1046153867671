"""How users declare assets: decorators, collection and the loader of their modules."""
