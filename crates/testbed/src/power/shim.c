/* Stands between a program and its disk (LD_PRELOAD) and writes down what a power cut
 * could undo: each write with what was there before, each sync, each change of a name.
 * It decides nothing. What a cut leaves of it all is decided from the journal, once the
 * program is dead (disk.rs).
 *
 * POWER_DISK is the folder that is the disk. POWER_SIDE is a folder beside it, on the same
 * file system:
 *
 *   control   when to cut, and the lock; mapped by every process, written by the driver
 *   journal   records; their form is in journal.rs
 *   attic/    a link to every file whose name was removed, named by the number of its inode
 *
 * One lock is held over each record and what it tells of, by threads and by processes. It
 * is not held over a sync: what is written meanwhile is not promised by it. At the cut the
 * lock is kept and the process ends, so nothing reaches the disk after that.
 *
 * Each call asks the kernel anew what a descriptor is; so nothing is missed that was
 * duplicated, passed on or inherited, and no descriptor is ever opened for reading a second
 * time if it can be read itself (closing it would give up the POSIX locks that SQLite has).
 *
 * What can't be followed is recorded as strange, and fails the round. What goes past this
 * file altogether is found when the journal is compared with the disk. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define EXIT_CUT 86
/* Something is wrong with the shim itself: no round may pass. */
#define EXIT_BROKEN 87

enum kind { WRITE = 1, LENGTH, DONE, SYNC, SYNCED, NAME, MAPPED, STRANGE, CUT };
enum when { NEVER, AT_A_WRITE, IN_A_SYNC };
/* Which syncs say they are done and are not: all, those of folders, or each until the next
 * one is. */
enum lies { NONE, ALL, OF_FOLDERS, LATE };

struct head {
    uint64_t kind;
    uint64_t file; /* inode of a file or folder */
    uint64_t at;
    uint64_t length;
    uint64_t ticket;
    uint64_t first; /* octets of what follows */
    uint64_t second;
};

struct control {
    uint64_t when;
    uint64_t countdown;
    uint64_t delay; /* microseconds in a sync before the cut */
    uint64_t lies;
    uint64_t late; /* the ticket of the sync that is not done yet */
    uint64_t tickets;
    uint32_t lock;
};

static char disk[PATH_MAX];
static size_t disk_length;
static struct control *control;
static int journal = -1, attic = -1;

static void stop(int code)
{
    for (;;)
        syscall(SYS_exit_group, code);
}

static void lock(void)
{
    for (unsigned tries = 0; __atomic_exchange_n(&control->lock, 1, __ATOMIC_ACQUIRE); tries++) {
        struct timespec rest = {0, 50000};
        if (tries < 100)
            sched_yield();
        else
            nanosleep(&rest, NULL);
    }
}

static void unlock(void)
{
    __atomic_store_n(&control->lock, 0, __ATOMIC_RELEASE);
}

static void record_parts(struct head head, struct iovec *parts, int count)
{
    struct iovec all[IOV_MAX];
    size_t octets = sizeof head;
    all[0] = (struct iovec){&head, sizeof head};
    for (int i = 0; i < count; i++) {
        all[i + 1] = parts[i];
        octets += parts[i].iov_len;
    }
    if (syscall(SYS_writev, journal, all, count + 1) != (ssize_t)octets)
        stop(EXIT_BROKEN);
}

static void record(struct head head)
{
    record_parts(head, NULL, 0);
}

/* The lock is kept. */
static void cut(void)
{
    record((struct head){.kind = CUT});
    stop(EXIT_CUT);
}

/* Whether it is time; asked under the lock. */
static int is_due(enum when when)
{
    return __atomic_load_n(&control->when, __ATOMIC_ACQUIRE) == when && --control->countdown == 0;
}

static void changed(void)
{
    if (is_due(AT_A_WRITE))
        cut();
}

static void strange(const char *what)
{
    struct iovec text = {(void *)what, strlen(what)};
    record_parts((struct head){.kind = STRANGE, .first = text.iov_len}, &text, 1);
}

static int is_within(int fd)
{
    char link[32], path[PATH_MAX];
    char *end = link + sizeof link;
    unsigned number = (unsigned)fd;
    *--end = 0;
    do
        *--end = '0' + number % 10;
    while (number /= 10);
    end -= strlen("/proc/self/fd/");
    memcpy(end, "/proc/self/fd/", strlen("/proc/self/fd/"));
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, end, path, sizeof path);
    return length >= (ssize_t)disk_length && !memcmp(path, disk, disk_length)
        && (length == (ssize_t)disk_length || path[disk_length] == '/');
}

/* Whether it is a file, or a folder, of the disk. */
static int is_ours(int fd, struct stat *is)
{
    int kept = errno, ours = control && fstat(fd, is) == 0
        && (S_ISREG(is->st_mode) || S_ISDIR(is->st_mode)) && is_within(fd);
    errno = kept;
    return ours;
}

/* Where a path leads to: the folder, open, and the name in it. */
struct place {
    int folder;
    uint64_t inode;
    char name[NAME_MAX + 1];
};

/* 0 if it is not on the disk. The folder is to be closed. */
static int locate(int from, const char *path, struct place *place)
{
    char parent[PATH_MAX];
    struct stat is;
    int kept = errno;
    size_t length = path ? strlen(path) : 0;
    if (!control || length == 0 || length >= sizeof parent)
        return 0;
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (length - start > NAME_MAX || length == start)
        return 0;
    memcpy(place->name, path + start, length - start);
    place->name[length - start] = 0;
    memcpy(parent, path, start);
    parent[start] = 0;
    place->folder = syscall(SYS_openat, from, start ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place->folder >= 0 && fstat(place->folder, &is) == 0 && is_within(place->folder)) {
        place->inode = is.st_ino;
        errno = kept;
        return 1;
    }
    if (place->folder >= 0)
        syscall(SYS_close, place->folder);
    errno = kept;
    return 0;
}

static void leave(struct place *place)
{
    int kept = errno;
    syscall(SYS_close, place->folder);
    errno = kept;
}

/* The inode that a name stands for; 0 if none. */
static uint64_t inode_at(struct place *place, struct stat *is)
{
    int kept = errno, found = fstatat(place->folder, place->name, is, AT_SYMLINK_NOFOLLOW) == 0;
    errno = kept;
    return found ? is->st_ino : 0;
}

static void name_changed(struct place *place, uint64_t before, uint64_t after, uint64_t ticket)
{
    struct iovec name = {place->name, strlen(place->name)};
    record_parts((struct head){.kind = NAME, .file = place->inode, .at = before, .length = after,
                     .ticket = ticket, .first = name.iov_len},
        &name, 1);
}

/* A file stays within reach though its name goes; of a folder, which was empty, something
 * stays that can take its place. */
static void keep(struct place *place, uint64_t inode, int is_folder)
{
    char name[24];
    char *end = name + sizeof name;
    int kept = errno;
    *--end = 0;
    do
        *--end = '0' + inode % 10;
    while (inode /= 10);
    if (is_folder) {
        syscall(SYS_mkdirat, attic, end, 0700);
        /* Nothing else may get this number while the program lives. */
        syscall(SYS_openat, place->folder, place->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    } else
        syscall(SYS_linkat, place->folder, place->name, attic, end, 0);
    errno = kept;
}

/* What a file holds from one place to another, in memory that the lock guards. */
static struct iovec held(int fd, int flags, uint64_t from, uint64_t to)
{
    static char *memory;
    static size_t room;
    size_t octets = to > from ? to - from : 0, have = 0;
    int source = fd, kept = errno;
    if (octets > room) {
        room = octets + (1 << 20);
        memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            stop(EXIT_BROKEN);
    }
    if (octets && (flags & O_ACCMODE) == O_WRONLY) {
        char path[] = "/proc/self/fd/##########";
        char *end = path + strlen(path);
        unsigned number = (unsigned)fd;
        memset(path + 14, '0', 10);
        do
            *--end = '0' + number % 10;
        while (number /= 10);
        memmove(path + 14, end, strlen(end) + 1);
        source = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    }
    while (have < octets) {
        ssize_t got = syscall(SYS_pread64, source, memory + have, octets - have, from + have);
        if (got <= 0)
            stop(EXIT_BROKEN);
        have += got;
    }
    if (source != fd)
        syscall(SYS_close, source);
    errno = kept;
    return (struct iovec){memory, octets};
}

static void done(uint64_t octets)
{
    record((struct head){.kind = DONE, .at = octets});
}

static void synced_at_once(uint64_t inode)
{
    if (control->lies == ALL)
        return;
    uint64_t ticket = ++control->tickets;
    record((struct head){.kind = SYNC, .file = inode, .ticket = ticket});
    if (is_due(IN_A_SYNC))
        cut();
    record((struct head){.kind = SYNCED, .ticket = ticket, .at = 1});
}

/* Every way to write; the place is -1 for where the descriptor stands. */
static ssize_t put(int fd, const struct iovec *pieces, int count, off_t place, int how)
{
    struct stat is;
    if (count < 1 || !is_ours(fd, &is))
        return syscall(SYS_pwritev2, fd, pieces, count, place, 0, how);
    /* The record has two pieces more, and may have no more than that. Whoever writes must
     * be ready to hear that less was written. */
    if (count > IOV_MAX - 2)
        count = IOV_MAX - 2;
    lock();
    struct iovec parts[IOV_MAX];
    uint64_t octets = 0, length, at;
    int flags = syscall(SYS_fcntl, fd, F_GETFL);
    for (int i = 0; i < count; i++) {
        parts[i + 1] = pieces[i];
        octets += pieces[i].iov_len;
    }
    fstat(fd, &is);
    length = is.st_size;
    if ((flags & O_APPEND) || (how & RWF_APPEND))
        at = length;
    else
        at = place >= 0 ? place : syscall(SYS_lseek, fd, 0, SEEK_CUR);
    uint64_t from = at / PAGE * PAGE, to = (at + octets + PAGE - 1) / PAGE * PAGE;
    parts[0] = held(fd, flags, from, to < length ? to : length);
    record_parts((struct head){.kind = WRITE, .file = is.st_ino, .at = at, .length = length,
                     .first = parts[0].iov_len, .second = octets},
        parts, count + 1);
    changed();
    ssize_t result = syscall(SYS_pwritev2, fd, pieces, count, place, 0, how);
    done(result < 0 ? 0 : result);
    if (result > 0 && ((flags & (O_DSYNC | O_SYNC)) || (how & (RWF_DSYNC | RWF_SYNC))))
        synced_at_once(is.st_ino);
    unlock();
    return result;
}

static ssize_t put_one(int fd, const void *octets, size_t count, off_t place)
{
    struct iovec piece = {(void *)octets, count};
    return put(fd, &piece, 1, place, 0);
}

ssize_t write(int fd, const void *octets, size_t count) { return put_one(fd, octets, count, -1); }
ssize_t pwrite(int fd, const void *o, size_t count, off_t at) { return put_one(fd, o, count, at); }
ssize_t pwrite64(int fd, const void *o, size_t count, off64_t at) { return put_one(fd, o, count, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { return put(fd, v, n, -1, 0); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return put(fd, v, n, at, 0); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { return put(fd, v, n, at, 0); }
ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int how) { return put(fd, v, n, at, how); }
ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int how) { return put(fd, v, n, at, how); }

/* A new length; under the lock, to be followed by done(). */
static void length_changes(int fd, int flags, const struct stat *is, uint64_t length)
{
    uint64_t old = is->st_size;
    struct iovec before = held(fd, flags, length / PAGE * PAGE, length < old ? old : 0);
    record_parts((struct head){.kind = LENGTH, .file = is->st_ino, .at = length, .length = old,
                     .first = before.iov_len},
        &before, 1);
    changed();
}

int ftruncate(int fd, off_t length)
{
    struct stat is;
    if (length < 0 || !is_ours(fd, &is))
        return syscall(SYS_ftruncate, fd, length);
    lock();
    fstat(fd, &is);
    length_changes(fd, syscall(SYS_fcntl, fd, F_GETFL), &is, length);
    int result = syscall(SYS_ftruncate, fd, length);
    done(result == 0);
    unlock();
    return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

int truncate(const char *path, off_t length)
{
    struct place place;
    if (locate(AT_FDCWD, path, &place)) {
        lock();
        strange("truncate");
        unlock();
        leave(&place);
    }
    return syscall(SYS_truncate, path, length);
}
int truncate64(const char *path, off64_t length) { return truncate(path, length); }

int fallocate(int fd, int mode, off_t from, off_t octets)
{
    struct stat is;
    if (!is_ours(fd, &is) || mode == FALLOC_FL_KEEP_SIZE)
        return syscall(SYS_fallocate, fd, mode, from, octets);
    lock();
    fstat(fd, &is);
    int longer = mode == 0 && from + octets > is.st_size;
    if (mode != 0)
        strange("fallocate");
    if (longer)
        length_changes(fd, O_RDWR, &is, from + octets);
    int result = syscall(SYS_fallocate, fd, mode, from, octets);
    if (longer)
        done(result == 0);
    unlock();
    return result;
}
int fallocate64(int fd, int mode, off64_t from, off64_t n) { return fallocate(fd, mode, from, n); }

int posix_fallocate(int fd, off_t from, off_t octets)
{
    int kept = errno, result = fallocate(fd, 0, from, octets) ? errno : 0;
    errno = kept;
    return result;
}
int posix_fallocate64(int fd, off64_t from, off64_t octets) { return posix_fallocate(fd, from, octets); }

/* A sync, of one file or folder or (0) of everything. Those that failed promise nothing. */
static long sync_of(uint64_t inode, long number, int fd)
{
    if (control->lies == ALL)
        return 0;
    lock();
    uint64_t ticket = ++control->tickets;
    record((struct head){.kind = SYNC, .file = inode, .ticket = ticket});
    int due = is_due(IN_A_SYNC);
    unlock();
    if (due) {
        /* Others go on for a while, and write what this sync does not promise. */
        struct timespec rest = {0, (long)(control->delay % 1000000) * 1000};
        nanosleep(&rest, NULL);
        lock();
        cut();
    }
    long result = syscall(number, fd);
    lock();
    if (control->lies == LATE && result == 0) {
        uint64_t done = control->late;
        control->late = ticket;
        ticket = done;
    }
    record((struct head){.kind = SYNCED, .ticket = ticket, .at = result == 0});
    unlock();
    return result;
}

static int sync_one(int fd, long number)
{
    struct stat is;
    if (!is_ours(fd, &is))
        return syscall(number, fd);
    if (control->lies == OF_FOLDERS && S_ISDIR(is.st_mode))
        return 0;
    return sync_of(is.st_ino, number, fd);
}

int fsync(int fd) { return sync_one(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_one(fd, SYS_fdatasync); }

int syncfs(int fd)
{
    struct stat is;
    return is_ours(fd, &is) ? sync_of(0, SYS_syncfs, fd) : syscall(SYS_syncfs, fd);
}

void sync(void)
{
    if (control)
        sync_of(0, SYS_sync, 0);
    else
        syscall(SYS_sync);
}

static int open_at(int from, const char *path, int flags, mode_t mode)
{
    struct place place;
    struct stat is;
    int unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    if (!(flags & (O_CREAT | O_TRUNC)) || !locate(from, path, &place))
        return syscall(SYS_openat, from, path, flags, mode);
    lock();
    uint64_t before = inode_at(&place, &is);
    int emptied = before && (flags & O_TRUNC) && S_ISREG(is.st_mode) && is.st_size > 0;
    if (unnamed)
        strange("O_TMPFILE");
    if (before && S_ISLNK(is.st_mode))
        strange("open by a symbolic link");
    if (emptied) {
        int old = syscall(SYS_openat, place.folder, place.name, O_RDONLY | O_CLOEXEC);
        if (old < 0)
            emptied = 0;
        else {
            length_changes(old, O_RDONLY, &is, 0);
            syscall(SYS_close, old);
        }
    }
    int fd = syscall(SYS_openat, from, path, flags, mode);
    if (emptied)
        done(fd >= 0);
    if (!before && !unnamed && fd >= 0) {
        name_changed(&place, 0, inode_at(&place, &is), ++control->tickets);
        changed();
    }
    unlock();
    leave(&place);
    return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
    int given = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    return given ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name, parameters, from)                                                               \
    int name parameters                                                                            \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return open_at(from, path, flags, mode);                                                   \
    }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int from, const char *path, int flags, ...), from)
OPEN(openat64, (int from, const char *path, int flags, ...), from)

int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }
int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __openat_2(int from, const char *path, int flags) { return open_at(from, path, flags, 0); }
int __openat64_2(int from, const char *path, int flags) { return open_at(from, path, flags, 0); }

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    struct place source, target;
    struct stat is;
    int ours = locate(from, old, &source), theirs = locate(to, new, &target);
    if (!ours && !theirs)
        return syscall(SYS_renameat2, from, old, to, new, flags);
    lock();
    uint64_t moved = ours ? inode_at(&source, &is) : 0, replaced = theirs ? inode_at(&target, &is) : 0;
    if (!ours || !theirs || (flags & ~RENAME_NOREPLACE) || (replaced && S_ISDIR(is.st_mode)))
        strange("rename");
    if (replaced)
        keep(&target, replaced, 0);
    int result = syscall(SYS_renameat2, from, old, to, new, flags);
    if (result == 0 && ours && theirs && moved != replaced) {
        uint64_t ticket = ++control->tickets;
        name_changed(&source, moved, 0, ticket);
        name_changed(&target, replaced, moved, ticket);
        changed();
    }
    unlock();
    if (ours)
        leave(&source);
    if (theirs)
        leave(&target);
    return result;
}
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    struct place target;
    struct stat is;
    if (!locate(to, new, &target))
        return syscall(SYS_linkat, from, old, to, new, flags);
    lock();
    int result = syscall(SYS_linkat, from, old, to, new, flags);
    if (result == 0) {
        name_changed(&target, 0, inode_at(&target, &is), ++control->tickets);
        changed();
    }
    unlock();
    leave(&target);
    return result;
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int symlinkat(const char *to, int from, const char *path)
{
    struct place place;
    if (locate(from, path, &place)) {
        lock();
        strange("symlink");
        unlock();
        leave(&place);
    }
    return syscall(SYS_symlinkat, to, from, path);
}
int symlink(const char *to, const char *path) { return symlinkat(to, AT_FDCWD, path); }

int unlinkat(int from, const char *path, int flags)
{
    struct place place;
    struct stat is;
    if (!locate(from, path, &place))
        return syscall(SYS_unlinkat, from, path, flags);
    lock();
    uint64_t inode = inode_at(&place, &is);
    if (inode)
        keep(&place, inode, S_ISDIR(is.st_mode));
    int result = syscall(SYS_unlinkat, from, path, flags);
    if (result == 0) {
        name_changed(&place, inode, 0, ++control->tickets);
        changed();
    }
    unlock();
    leave(&place);
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path)
{
    int result = unlinkat(AT_FDCWD, path, 0);
    return result && errno == EISDIR ? unlinkat(AT_FDCWD, path, AT_REMOVEDIR) : result;
}

int mkdirat(int from, const char *path, mode_t mode)
{
    struct place place;
    struct stat is;
    if (!locate(from, path, &place))
        return syscall(SYS_mkdirat, from, path, mode);
    lock();
    int result = syscall(SYS_mkdirat, from, path, mode);
    if (result == 0) {
        name_changed(&place, 0, inode_at(&place, &is), ++control->tickets);
        changed();
    }
    unlock();
    leave(&place);
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* A socket has a name too. */
int bind(int fd, const struct sockaddr *to, socklen_t length)
{
    char path[sizeof(struct sockaddr_un) + 1] = {0};
    struct place place;
    struct stat is;
    if (to && to->sa_family == AF_UNIX && length <= sizeof(struct sockaddr_un))
        memcpy(path, ((const struct sockaddr_un *)to)->sun_path, length - offsetof(struct sockaddr_un, sun_path));
    if (!locate(AT_FDCWD, path, &place))
        return syscall(SYS_bind, fd, to, length);
    lock();
    int result = syscall(SYS_bind, fd, to, length);
    if (result == 0) {
        name_changed(&place, 0, inode_at(&place, &is), ++control->tickets);
        changed();
    }
    unlock();
    leave(&place);
    return result;
}

void *mmap(void *where, size_t octets, int may, int flags, int fd, off_t from)
{
    struct stat is;
    int shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
    if (shared && (may & PROT_WRITE) && !(flags & MAP_ANONYMOUS) && is_ours(fd, &is)) {
        lock();
        record((struct head){.kind = MAPPED, .file = is.st_ino});
        unlock();
    }
    return (void *)syscall(SYS_mmap, where, octets, may, flags, fd, from);
}
void *mmap64(void *where, size_t n, int may, int flags, int fd, off64_t from) { return mmap(where, n, may, flags, fd, from); }

/* Ways to write for which there are others: whoever is refused these takes those. */
static int is_refused(int fd)
{
    struct stat is;
    int refused = is_ours(fd, &is);
    if (refused)
        errno = EINVAL;
    return refused;
}

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t octets, unsigned flags)
{
    return is_refused(out) ? -1 : syscall(SYS_copy_file_range, in, from, out, to, octets, flags);
}
ssize_t sendfile(int out, int in, off_t *from, size_t octets)
{
    return is_refused(out) ? -1 : syscall(SYS_sendfile, out, in, from, octets);
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t octets) { return sendfile(out, in, from, octets); }
ssize_t splice(int in, off64_t *from, int out, off64_t *to, size_t octets, unsigned flags)
{
    return is_refused(out) ? -1 : syscall(SYS_splice, in, from, out, to, octets, flags);
}

/* A process of whose beginning the driver knows nothing: it is left alone without POWER_DISK. */
__attribute__((constructor)) static void begin(void)
{
    const char *named = getenv("POWER_DISK"), *side = getenv("POWER_SIDE");
    if (!named || !side)
        return;
    int folder = syscall(SYS_openat, AT_FDCWD, side, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int file = syscall(SYS_openat, folder, "control", O_RDWR | O_CLOEXEC);
    journal = syscall(SYS_openat, folder, "journal", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    attic = syscall(SYS_openat, folder, "attic", O_PATH | O_DIRECTORY | O_CLOEXEC);
    void *mapped = (void *)syscall(SYS_mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || journal < 0 || attic < 0 || mapped == MAP_FAILED || !realpath(named, disk))
        stop(EXIT_BROKEN);
    syscall(SYS_close, file);
    syscall(SYS_close, folder);
    disk_length = strlen(disk);
    control = mapped;
}
