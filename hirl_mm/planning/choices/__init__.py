"""What a training of a folder should be like, each choice with its reason."""
