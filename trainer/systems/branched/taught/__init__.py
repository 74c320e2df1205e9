"""What a network learns of a sentence encoder that it does not read when it is served."""
