"""A program whose every step is known, to be put behind the shim: `program.py STEPS FOLDER
TIMES`. Each time it takes them in a folder of its own, which is there for certain."""
import mmap
import os
import subprocess
import sys
import threading

BLOCK = 4096


def put(name, octets, flags=os.O_WRONLY | os.O_CREAT, sync=False):
    file = os.open(name, flags, 0o600)
    os.write(file, octets)
    if sync:
        os.fsync(file)
    os.close(file)


def sync_folder(name="."):
    folder = os.open(name, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def pages():
    """Ten durable pages; then the first five are written over, and ten appended."""
    put("pages", b"a" * 10 * BLOCK, sync=True)
    sync_folder()
    file = os.open("pages", os.O_RDWR)
    for page in range(5):
        os.pwrite(file, b"b" * BLOCK, page * BLOCK)
    for page in range(10, 20):
        os.pwrite(file, b"b" * BLOCK, page * BLOCK)
    # A name that came after: nothing was said of it.
    put("later", b"c" * 100)


def synced():
    """Every way to make octets durable."""
    for name in ["fsync", "fdatasync"]:
        file = os.open(name, os.O_WRONLY | os.O_CREAT)
        os.write(file, b"a" * 9000)
        getattr(os, name)(file)
    put("dsync", b"a" * 9000, os.O_WRONLY | os.O_CREAT | os.O_DSYNC)
    file = os.open("vector", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    os.writev(file, [b"a" * 4000, b"a" * 5000])
    os.fsync(file)
    # The same file by another descriptor.
    file = os.open("other", os.O_WRONLY | os.O_CREAT)
    os.write(os.dup(file), b"a" * 9000)
    os.fsync(file)
    os.mkdir("deep")
    put("deep/file", b"a" * 9000, sync=True)
    sync_folder("deep")
    sync_folder()
    put("all", b"a" * 9000)
    os.sync()


def renamed():
    """A new file takes the place of another, the folder's sync coming last or never."""
    put("one", b"old", sync=True)
    put("two", b"old", sync=True)
    sync_folder()
    put("new", b"new", sync=True)
    os.rename("new", "one")
    sync_folder()
    put("new", b"new", sync=True)
    os.rename("new", "two")


def removed():
    put("gone", b"a" * 9000, sync=True)
    put("back", b"a" * 9000, sync=True)
    os.mkdir("folder")
    sync_folder()
    os.unlink("gone")
    sync_folder()
    os.unlink("back")
    os.rmdir("folder")
    os.mkdir("made")
    put("made/file", b"a" * 9000, sync=True)
    sync_folder("made")


def emptied():
    """Written anew from the beginning: never the old octets under the new length."""
    for name in ["truncated", "opened"]:
        put(name, b"a" * 9000, sync=True)
    sync_folder()
    file = os.open("truncated", os.O_RDWR)
    os.ftruncate(file, 0)
    os.write(file, b"b" * 5000)
    put("opened", b"b" * 5000, os.O_WRONLY | os.O_TRUNC)


def lengthened():
    """Ten durable pages; then a length is set, some of it is written, and more appended."""
    put("pages", b"a" * 10 * BLOCK, sync=True)
    sync_folder()
    file = os.open("pages", os.O_RDWR)
    os.ftruncate(file, 20 * BLOCK)
    for page in range(10, 15):
        os.pwrite(file, b"b" * BLOCK, page * BLOCK)
    for page in range(20, 25):
        os.pwrite(file, b"c" * BLOCK, page * BLOCK)


def in_order():
    """Two files made one after the other."""
    put("first", b"a", sync=True)
    put("second", b"a", sync=True)


def mapped():
    put("mapped", b"a" * BLOCK, sync=True)
    file = os.open("mapped", os.O_RDWR)
    mmap.mmap(file, BLOCK)[0:1] = b"b"


def past():
    """Another program, without the shim, writes to the disk."""
    put("past", b"a" * BLOCK, sync=True)
    clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(["sh", "-c", "printf b | dd of=past conv=notrunc 2>&1"], env=clean, check=True)


def past_old():
    """The same with a file that was there."""
    clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(["sh", "-c", "echo >> there"], env=clean, check=True)


def linked():
    os.symlink("there", "symlink")


def for_ever():
    """Several threads, each of which writes a line once the one before is durable, and says
    so on standard output."""
    told = threading.Lock()

    def write(name):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        sync_folder()
        for count in range(10000):
            os.write(file, f"{count:07}\n".encode())
            os.fdatasync(file)
            with told:
                os.write(1, f"{name} {count}\n".encode())

    for name in ["a", "b", "c"]:
        threading.Thread(target=write, args=[name]).start()


steps, place, times = globals()[sys.argv[1]], sys.argv[2], int(sys.argv[3])
for time in range(times):
    os.makedirs(f"{place}/{time}", exist_ok=True)
sync_folder(place)
for time in range(times):
    os.chdir(f"{place}/{time}")
    steps()
