import sys

if __name__ == "__main__":
    try:
        from qipan.assembly.cli import main

        main()
    except KeyboardInterrupt:  # while modules are still being read
        sys.exit(130)
