"""The most memory a program has held, as a piece of program for a process of its own."""

# Linux's `ru_maxrss` begins with what the parent held at the fork, so it tells of the tests, not of the program.
PEAK_BYTES = """
import resource

def peak_bytes():
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes
"""
