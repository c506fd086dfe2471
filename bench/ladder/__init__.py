"""What each lever of training gains, measured with small networks on a part of the data."""
