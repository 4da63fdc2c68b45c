/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and unloading the file, and what a host finds as it was after any call. */
#include "integration/process/calls.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <locale.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CYCLES = 50 };

static struct call_target target;

static int make_keys(void *arg)
{
    CK_SESSION_HANDLE session;
    void *library;

    (void)arg;
    p11 = module_open(module_path(), RTLD_NOW | RTLD_LOCAL, &library);
    session = client_ready();
    (void)aes_make(session, true, "aes");
    (void)ec_make(session, true, "ec");
    module_stop();
    return 0;
}

static void setup(void)
{
    scratch_setup();
    ck_assert_int_eq(child_run(make_keys, NULL), 0);
}

/* --- Loading and unloading --- */

static void *load(int flags)
{
    void *library;

    p11 = module_open(module_path(), flags, &library);
    return library;
}

static void unload(void *library)
{
    p11 = NULL;
    ck_assert_int_eq(dlclose(library), 0);
}

static void use(void)
{
    ck_assert(slot_find("token", &target.slot));
    target.session = session_open(target.slot);
    login_user(target.session);
    target.key = find_one(target.session, CKO_SECRET_KEY, "aes");
    target.pair.private = find_one(target.session, CKO_PRIVATE_KEY, "ec");
    target.pair.public = find_one(target.session, CKO_PUBLIC_KEY, "ec");
    expect_aes_works(target.session, target.key);
    expect_pair_works(target.session, CKM_ECDSA_SHA256, target.pair);
}

static unsigned count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static const int load_flags[] = {RTLD_NOW | RTLD_LOCAL, RTLD_LAZY | RTLD_LOCAL, RTLD_NOW | RTLD_GLOBAL};

START_TEST(loaded_and_unloaded_many_times)
{
    unsigned descriptors = count_descriptors();

    for (unsigned i = 0; i < CYCLES; i++) {
        void *library = load(load_flags[_i]);

        module_start();
        use();
        module_stop();
        unload(library);
        ck_assert_uint_eq(count_descriptors(), descriptors);
    }
}
END_TEST

/* The file stays in memory, because libcrypto keeps pointers into it; so a host finds it as it was left. */
START_TEST(unloaded_without_finalize)
{
    for (unsigned i = 0; i < CYCLES; i++) {
        void *library = load(RTLD_NOW | RTLD_LOCAL);
        CK_RV rv = p11->C_Initialize(NULL);

        ck_assert_msg(rv == CKR_OK || (i > 0 && rv == CKR_CRYPTOKI_ALREADY_INITIALIZED), "%s", rv_text(rv));
        if (rv == CKR_OK) {
            use();
        } else {
            expect_aes_works(target.session, target.key);
        }
        unload(library);
    }
}
END_TEST

static int unload_and_exit(void *arg)
{
    void *library = load(RTLD_NOW | RTLD_LOCAL);

    module_start();
    use();
    if (*(bool *)arg) {
        module_stop();
    }
    unload(library);
    return 0;
}

START_TEST(a_process_ends_well_after_unloading)
{
    bool finalizes = _i != 0;

    ck_assert_int_eq(child_end(child_start_exiting(unload_and_exit, &finalizes)), 0);
}
END_TEST

static pthread_barrier_t barrier;

/* It has drawn random numbers and has state in libcrypto, which goes when the thread ends. */
static void *use_and_wait(void *arg)
{
    CK_BYTE octets[16];

    (void)arg;
    (void)p11->C_GenerateRandom(target.session, octets, sizeof(octets));
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    return NULL;
}

START_TEST(a_thread_ends_after_unloading)
{
    void *library = load(RTLD_NOW | RTLD_LOCAL);
    pthread_t thread;

    module_start();
    use();
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, use_and_wait, NULL), 0);
    (void)pthread_barrier_wait(&barrier);
    module_stop();
    unload(library);
    (void)pthread_barrier_wait(&barrier);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* --- Exported names --- */

static const Elf64_Ehdr *map_file(void)
{
    int fd = open(module_path(), O_RDONLY | O_CLOEXEC);
    struct stat status;
    void *map;

    ck_assert_int_eq(fstat(fd, &status), 0);
    map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    close(fd);
    return map;
}

static const void *at(const Elf64_Ehdr *file, Elf64_Off offset)
{
    return (const char *)file + offset;
}

START_TEST(only_the_functions_of_the_interface_are_exported)
{
    const Elf64_Ehdr *file = map_file();
    const Elf64_Shdr *sections = at(file, file->e_shoff);
    unsigned count = 0;

    ck_assert_mem_eq(file->e_ident, ELFMAG, SELFMAG);
    ck_assert_uint_eq(file->e_ident[EI_CLASS], ELFCLASS64);
    for (unsigned i = 0; i < file->e_shnum; i++) {
        const Elf64_Sym *symbols = at(file, sections[i].sh_offset);
        const char *names = at(file, sections[sections[i].sh_link].sh_offset);

        for (size_t j = 0; sections[i].sh_type == SHT_DYNSYM && j < sections[i].sh_size / sizeof(*symbols);
             j++) {
            if (symbols[j].st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbols[j].st_info) != STB_LOCAL) {
                ck_assert_msg(strncmp(names + symbols[j].st_name, "C_", 2) == 0, "%s is exported",
                              names + symbols[j].st_name);
                count++;
            }
        }
    }
    /* Those of call_everything(), C_Initialize and C_Finalize, the lists, and what is not supported. */
    ck_assert_uint_ge(count, call_count() + 5);
}
END_TEST

/* --- libcrypto's error queue --- */

enum { HOST_ERRORS = 5 };

static void fill_queue(void)
{
    ERR_clear_error();
    for (int i = 1; i <= HOST_ERRORS; i++) {
        ERR_new();
        ERR_set_debug("host.c", i, "host");
        ERR_set_error(ERR_LIB_USER, 100 + i, "number %d", i);
    }
}

/* What the host had put there is there, in order, whole, and nothing else is. */
static void check_queue(const char *call, CK_RV rv)
{
    unsigned long code;
    const char *file;
    const char *function;
    const char *data;
    int line;
    int flags;
    char expected[16];

    for (int i = 1; i <= HOST_ERRORS; i++) {
        code = ERR_get_error_all(&file, &line, &function, &data, &flags);
        (void)snprintf(expected, sizeof(expected), "number %d", i);
        ck_assert_msg(ERR_GET_LIB(code) == ERR_LIB_USER && ERR_GET_REASON(code) == 100 + i &&
                          strcmp(file, "host.c") == 0 && line == i && strcmp(data, expected) == 0,
                      "%s (%s): the host's error %d is %lx \"%s\"", call, rv_text(rv), i, code, data);
    }
    code = ERR_get_error();
    ck_assert_msg(code == 0, "%s (%s) leaves an error: %s", call, rv_text(rv), ERR_error_string(code, NULL));
    fill_queue();
}

#define CHECKED(call) check_queue(#call, call)

START_TEST(the_hosts_errors_stay)
{
    CK_C_INITIALIZE_ARGS bad = {.pReserved = &bad};

    (void)load(RTLD_NOW | RTLD_LOCAL);
    fill_queue();
    (void)call_everything(&target, check_queue);
    CHECKED(p11->C_Finalize(NULL));
    CHECKED(p11->C_Initialize(&bad));
    CHECKED(p11->C_Initialize(NULL));
    CHECKED(p11->C_Initialize(NULL));
    use();
    check_queue("use()", CKR_OK);
    ck_assert_uint_eq(call_everything(&target, check_queue), call_count());
    CHECKED(p11->C_Finalize(NULL));
    CHECKED(p11->C_Finalize(NULL));
}
END_TEST

static void check_mark(const char *call, CK_RV rv)
{
    ERR_raise(ERR_LIB_USER, 200);
    ck_assert_msg(ERR_pop_to_mark() == 1 && ERR_GET_REASON(ERR_peek_last_error()) == 100 + HOST_ERRORS,
                  "%s (%s): the host's mark is gone", call, rv_text(rv));
    ck_assert_int_eq(ERR_set_mark(), 1);
}

START_TEST(the_hosts_mark_stays)
{
    (void)load(RTLD_NOW | RTLD_LOCAL);
    fill_queue();
    ck_assert_int_eq(ERR_set_mark(), 1);
    module_start();
    use();
    (void)call_everything(&target, check_mark);
    module_stop();
    check_mark("C_Finalize", CKR_OK);
}
END_TEST

/* --- The process --- */

struct process {
    struct sigaction handlers[NSIG];
    sigset_t blocked;
    char locale[256];
    locale_t thread_locale;
    mode_t mask;
    char folder[256];
    int cancel_state;
    char *const *variables;
    unsigned variable_count;
};

extern char **environ;

static void look(struct process *process)
{
    memset(process, 0, sizeof(*process));
    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, NULL, &process->handlers[number]);
    }
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &process->blocked), 0);
    (void)snprintf(process->locale, sizeof(process->locale), "%s", setlocale(LC_ALL, NULL));
    process->thread_locale = uselocale((locale_t)0);
    process->mask = umask(0);
    (void)umask(process->mask);
    ck_assert_ptr_nonnull(getcwd(process->folder, sizeof(process->folder)));
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &process->cancel_state);
    (void)pthread_setcancelstate(process->cancel_state, NULL);
    process->variables = environ;
    while (environ[process->variable_count] != NULL) {
        process->variable_count++;
    }
}

static struct process before;

static void expect_same_process(const char *call, CK_RV rv)
{
    static struct process now;

    (void)rv;
    look(&now);
    ck_assert_msg(memcmp(&before.blocked, &now.blocked, sizeof(sigset_t)) == 0, "%s: signal mask", call);
    for (int number = 1; number < NSIG; number++) {
        ck_assert_msg(before.handlers[number].sa_handler == now.handlers[number].sa_handler &&
                          before.handlers[number].sa_flags == now.handlers[number].sa_flags,
                      "%s: handler of signal %d", call, number);
    }
    ck_assert_msg(strcmp(before.locale, now.locale) == 0 && before.thread_locale == now.thread_locale,
                  "%s: locale", call);
    ck_assert_msg(before.mask == now.mask, "%s: umask", call);
    ck_assert_msg(strcmp(before.folder, now.folder) == 0, "%s: current folder", call);
    ck_assert_msg(before.cancel_state == now.cancel_state, "%s: cancellation", call);
    ck_assert_msg(before.variables == now.variables && before.variable_count == now.variable_count,
                  "%s: environment", call);
}

static void on_signal(int number)
{
    (void)number;
}

/* Nothing as it is by default, so that a reset shows too. */
static void make_unusual(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t blocked;

    ck_assert_int_eq(sigaction(SIGPIPE, &action, NULL), 0);
    ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    ck_assert_int_eq(sigaction(SIGCHLD, &action, NULL), 0);
    ck_assert(sigemptyset(&blocked) == 0 && sigaddset(&blocked, SIGUSR1) == 0);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &blocked, NULL), 0);
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    (void)umask(0123);
    ck_assert_int_eq(chdir("/"), 0);
}

START_TEST(the_process_stays_as_it_is)
{
    make_unusual();
    look(&before);
    (void)load(RTLD_NOW | RTLD_LOCAL);
    expect_same_process("dlopen", CKR_OK);
    module_start();
    expect_same_process("C_Initialize", CKR_OK);
    (void)token_make("another token");
    use();
    expect_same_process("use", CKR_OK);
    (void)call_everything(&target, expect_same_process);
    module_stop();
    expect_same_process("C_Finalize", CKR_OK);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/unload");
    TCase *tests = tcase_create("unload");

    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, setup, scratch_teardown);
    tcase_add_loop_test(tests, loaded_and_unloaded_many_times, 0, (int)COUNT(load_flags));
    tcase_add_test(tests, unloaded_without_finalize);
    tcase_add_loop_test(tests, a_process_ends_well_after_unloading, 0, 2);
    tcase_add_test(tests, a_thread_ends_after_unloading);
    tcase_add_test(tests, only_the_functions_of_the_interface_are_exported);
    tcase_add_test(tests, the_hosts_errors_stay);
    tcase_add_test(tests, the_hosts_mark_stays);
    tcase_add_test(tests, the_process_stays_as_it_is);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
