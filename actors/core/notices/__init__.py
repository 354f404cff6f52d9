"""What a person is told of the floor, in plain words, and in which order it is sent."""
