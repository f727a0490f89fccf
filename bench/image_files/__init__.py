"""Files of pictures, masks and label maps: find them, pair them with samples, decode them, bring them to a size."""
