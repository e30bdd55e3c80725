/*
 * measure FILE READY COMMAND…: runs it and writes to FILE what it took:
 *
 *	MICROSECONDS OF-THE-PROCESSOR KILOBYTES STATUS
 *
 * Before that it uses READY kilobytes of memory, or half of what is free, and
 * gives them back. What a virtual machine has not used for a while, the machine
 * below may have taken, and to get it again costs several times what its first
 * use does; which commands meet that, and for how much, is chance.
 *
 * A program of its own, because the peak that the kernel tells of a process
 * begins with that of whoever forked it, and an interpreter is large.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long long cpu_us(const struct rusage *u)
{
	return (long long)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000 +
	       u->ru_utime.tv_usec + u->ru_stime.tv_usec;
}

/* With as large pages as there are, as the program asks for. */
static int get_ready(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t free_most = (size_t)sysconf(_SC_AVPHYS_PAGES) / 2 * page;
	char *at;

	if (size > free_most)
		size = free_most;
	if (!size)
		return 0;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -1;
	madvise(at, size, MADV_HUGEPAGE);
	for (size_t i = 0; i < size; i += page)
		at[i] = 1;
	return munmap(at, size);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	long long begun;
	FILE *out;
	int status;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: measure FILE READY COMMAND…\n");
		return 64;
	}
	if (get_ready(strtoul(argv[2], NULL, 10) * 1024)) {
		perror("measure");
		return 1;
	}
	begun = now_us();
	pid = fork();
	if (pid == 0) {
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("measure");
		return 1;
	}
	begun = now_us() - begun;
	out = fopen(argv[1], "w");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	fprintf(out, "%lld %lld %ld %d\n", begun, cpu_us(&usage),
		usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
	return fclose(out) ? 1 : 0;
}
