"""Training of callheat's default sentiment model: data folder in, model folder out."""
