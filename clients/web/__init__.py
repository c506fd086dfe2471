"""The web page: a browser's camera in, boxes, expressions and plots out, by way of a gateway."""
