select n, n * n as square
from counts
