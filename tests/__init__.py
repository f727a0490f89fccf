# A regular package, since torch-fidelity installs one of the same name, which would go before a namespace.
