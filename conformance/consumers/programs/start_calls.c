/* SPDX-License-Identifier: Apache-2.0
 *
 * How real clients start, fork, thread and leave, one case for each habit that was seen
 * in traces of them: start_calls MODULE TOKEN PIN CASE. The token has to hold the key
 * pair "rsa". A case ends with status 0, or names the first thing that is not as the
 * client needs it. */

#include "client.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>

/* ---- C_Initialize ---- */

static int thread_count(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    SHOW(tasks != NULL);
    while (readdir(tasks) != NULL) {
        count++;
    }
    closedir(tasks);
    return count - 2;
}

/* Use the library, give it up, and find the same slot after a second start. */
static void use_twice(struct client *client, void *args)
{
    client_start(client, args);
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, client->p11->C_Initialize(args));
    CK_SLOT_ID slot = client->slot;
    struct key_pair rsa = {client_find(client, CKO_PUBLIC_KEY, "rsa"),
                           client_find(client, CKO_PRIVATE_KEY, "rsa")};
    client_sign_verify(client, CKM_RSA_PKCS, rsa);
    SHOW(thread_count() == 1);
    OK(client->p11->C_Finalize(NULL));
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, client->p11->C_Finalize(NULL));
    client_start(client, args);
    SHOW(client->slot == slot);
    OK(client->p11->C_Finalize(NULL));
}

/* consumers: init-null, no-own-threads, slot-ids-stable */
static void init_null(struct client *client)
{
    use_twice(client, NULL);
}

/* consumers: init-os-locking */
static void init_os_locking(struct client *client)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    use_twice(client, &args);
}

/* consumers: init-no-threads */
static void init_no_threads(struct client *client)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS};
    use_twice(client, &args);
}

/* consumers: init-flags-0 */
static void init_flags_0(struct client *client)
{
    CK_C_INITIALIZE_ARGS args = {.flags = 0};
    use_twice(client, &args);
}

static int mutexes_alive;
static int locks_held;

static CK_RV mutex_create(CK_VOID_PTR_PTR mutex)
{
    pthread_mutex_t *made = malloc(sizeof(*made));
    pthread_mutex_init(made, NULL);
    mutexes_alive++;
    *mutex = made;
    return CKR_OK;
}

static CK_RV mutex_destroy(CK_VOID_PTR mutex)
{
    pthread_mutex_destroy(mutex);
    free(mutex);
    mutexes_alive--;
    return CKR_OK;
}

static CK_RV mutex_lock(CK_VOID_PTR mutex)
{
    pthread_mutex_lock(mutex);
    locks_held++;
    return CKR_OK;
}

static CK_RV mutex_unlock(CK_VOID_PTR mutex)
{
    locks_held--;
    pthread_mutex_unlock(mutex);
    return CKR_OK;
}

/* consumers: init-own-mutexes */
static void init_own_mutexes(struct client *client)
{
    CK_C_INITIALIZE_ARGS args = {mutex_create, mutex_destroy, mutex_lock, mutex_unlock, 0, NULL};
    use_twice(client, &args);
    SHOW(locks_held == 0);
    args.flags = CKF_OS_LOCKING_OK;
    use_twice(client, &args);
    SHOW(locks_held == 0);
    printf("mutexes left after C_Finalize: %d\n", mutexes_alive);
}

static void init_bad_args(struct client *client)
{
    CK_C_INITIALIZE_ARGS some = {.CreateMutex = mutex_create};
    EXPECT(CKR_ARGUMENTS_BAD, client->p11->C_Initialize(&some));
    use_twice(client, NULL);
}

/* ---- interfaces ---- */

/* consumers: get-interface */
static void get_interface(struct client *client)
{
    CK_RV(*get)
    (CK_UTF8CHAR_PTR, CK_VERSION_PTR, CK_INTERFACE_PTR_PTR, CK_FLAGS) =
        (CK_RV(*)(CK_UTF8CHAR_PTR, CK_VERSION_PTR, CK_INTERFACE_PTR_PTR, CK_FLAGS))dlsym(RTLD_DEFAULT,
                                                                                         "C_GetInterface");
    CK_INTERFACE_PTR interface = NULL;
    CK_VERSION version = {3, 0};

    SHOW(get != NULL);
    OK(get(NULL, NULL, &interface, 0));
    SHOW(strcmp((char *)interface->pInterfaceName, "PKCS 11") == 0);
    OK(get((CK_UTF8CHAR_PTR) "PKCS 11", NULL, &interface, 0));
    SHOW(((CK_VERSION_PTR)interface->pFunctionList)->major == 3);
    OK(get((CK_UTF8CHAR_PTR) "PKCS 11", &version, &interface, 0));
    client->p11 = interface->pFunctionList;
    use_twice(client, NULL);
    version = (CK_VERSION){2, 40};
    OK(get((CK_UTF8CHAR_PTR) "PKCS 11", &version, &interface, 0));
    SHOW(((CK_VERSION_PTR)interface->pFunctionList)->major == 2);
    client->p11 = interface->pFunctionList;
    use_twice(client, NULL);
    CK_RV rv = get((CK_UTF8CHAR_PTR) "Vendor NSS Module Interface", NULL, &interface, 0);
    SHOW(rv == CKR_FUNCTION_FAILED || rv == CKR_ARGUMENTS_BAD);
}

/* consumers: get-function-list */
static void get_function_list(struct client *client)
{
    SHOW(client->p11->version.major == 2);
    use_twice(client, NULL);
}

/* ---- fork ---- */

static int wait_for(pid_t pid)
{
    int status = 0;
    SHOW(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status)) {
        fprintf(stderr, "child ended by signal %d\n", WTERMSIG(status));
        return 255;
    }
    return WEXITSTATUS(status);
}

static void is_stale(CK_RV rv, const char *call)
{
    if (rv != CKR_CRYPTOKI_NOT_INITIALIZED && rv != CKR_SESSION_HANDLE_INVALID &&
        rv != CKR_OBJECT_HANDLE_INVALID && rv != CKR_KEY_HANDLE_INVALID && rv != CKR_DEVICE_REMOVED) {
        client_fail(__FILE__, __LINE__, call, rv);
    }
}

static void use_stale_handles(struct client *client, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE buffer[512] = {0};
    CK_ULONG len = sizeof(buffer);
    CK_SESSION_INFO info;
    CK_ATTRIBUTE label = {CKA_LABEL, buffer, sizeof(buffer)};

    is_stale(client->p11->C_GetSessionInfo(client->session, &info), "C_GetSessionInfo");
    is_stale(client->p11->C_SignInit(client->session, &mechanism, key), "C_SignInit");
    is_stale(client->p11->C_Sign(client->session, buffer, 32, buffer, &len), "C_Sign");
    is_stale(client->p11->C_GetAttributeValue(client->session, key, &label, 1), "C_GetAttributeValue");
    is_stale(client->p11->C_CloseSession(client->session), "C_CloseSession");
}

/* A child's way: try what the parent had, initialise, try again, log in, sign. */
static void child_starts_anew(struct client *client, CK_OBJECT_HANDLE key)
{
    use_stale_handles(client, key);
    OK(client->p11->C_Initialize(NULL));
    use_stale_handles(client, key);
    client_login(client);
    struct key_pair rsa = {client_find(client, CKO_PUBLIC_KEY, "rsa"),
                           client_find(client, CKO_PRIVATE_KEY, "rsa")};
    client_sign_verify(client, CKM_RSA_PKCS, rsa);
    OK(client->p11->C_Finalize(NULL));
}

/* consumers: anchor-8-fork, fork-stale-handles, fork-login-again */
static void fork_children(struct client *client)
{
    client_start(client, NULL);
    struct key_pair rsa = {client_find(client, CKO_PUBLIC_KEY, "rsa"),
                           client_find(client, CKO_PRIVATE_KEY, "rsa")};
    pid_t children[6];
    for (size_t i = 0; i < LEN(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            child_starts_anew(client, rsa.private_key);
            exit(0);
        }
        client_sign_verify(client, CKM_RSA_PKCS, rsa);
    }
    for (size_t i = 0; i < LEN(children); i++) {
        SHOW(wait_for(children[i]) == 0);
    }
    client_sign_verify(client, CKM_RSA_PKCS, rsa);
    OK(client->p11->C_Finalize(NULL));
}

/* A child that finalises or just exits leaves the parent's token alone; its own child works. */
static void fork_and_leave(struct client *client)
{
    client_start(client, NULL);
    struct key_pair rsa = {client_find(client, CKO_PUBLIC_KEY, "rsa"),
                           client_find(client, CKO_PRIVATE_KEY, "rsa")};
    pid_t pid = fork();
    if (pid == 0) {
        EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, client->p11->C_Finalize(NULL));
        exit(0);
    }
    SHOW(wait_for(pid) == 0);
    pid = fork();
    if (pid == 0) {
        pid = fork();
        if (pid == 0) {
            child_starts_anew(client, rsa.private_key);
            exit(0);
        }
        exit(wait_for(pid));
    }
    SHOW(wait_for(pid) == 0);
    client_sign_verify(client, CKM_RSA_PKCS, rsa);
}

/* ---- wrappers' habits ---- */

/* Thousands of sessions, one after the other; the last one to close logs out.
 * consumers: sessions-by-the-thousand */
static void many_sessions(struct client *client)
{
    client_start(client, NULL);
    for (int i = 0; i < 3000; i++) {
        CK_SESSION_HANDLE session;
        CK_SESSION_INFO info;
        OK(client->p11->C_OpenSession(client->slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
        OK(client->p11->C_GetSessionInfo(session, &info));
        SHOW(info.state == CKS_RO_USER_FUNCTIONS);
        OK(client->p11->C_CloseSession(session));
        EXPECT(CKR_SESSION_HANDLE_INVALID, client->p11->C_CloseSession(session));
    }
    OK(client->p11->C_CloseSession(client->session));
    CK_SESSION_INFO info;
    client_open(client);
    OK(client->p11->C_GetSessionInfo(client->session, &info));
    SHOW(info.state == CKS_RW_PUBLIC_SESSION);
}

/* The same module loaded twice is one library. */
static void loaded_twice(struct client *client)
{
    OK(client->p11->C_Initialize(NULL));
    Dl_info where;
    SHOW(dladdr((void *)client->p11->C_GetFunctionList, &where) != 0);
    CK_FUNCTION_LIST_PTR again = client_load(where.dli_fname, RTLD_NOW | RTLD_LOCAL);
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, again->C_Initialize(NULL));
    client_login(client);
    OK(again->C_Finalize(NULL));
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, client->p11->C_Finalize(NULL));
}

static struct client *thread_client;

static void *thread_body(void *arg)
{
    struct client own = *thread_client;
    (void)arg;
    OK(own.p11->C_OpenSession(own.slot, CKF_SERIAL_SESSION, NULL, NULL, &own.session));
    struct key_pair rsa = {client_find(&own, CKO_PUBLIC_KEY, "rsa"),
                           client_find(&own, CKO_PRIVATE_KEY, "rsa")};
    for (int i = 0; i < 10; i++) {
        client_sign_verify(&own, CKM_RSA_PKCS, rsa);
    }
    OK(own.p11->C_CloseSession(own.session));
    return NULL;
}

/* Threads work even after C_Initialize(NULL): many clients start them regardless. */
static void threads(struct client *client)
{
    pthread_t thread[8];
    client_start(client, NULL);
    thread_client = client;
    for (size_t i = 0; i < LEN(thread); i++) {
        SHOW(pthread_create(&thread[i], NULL, thread_body, NULL) == 0);
    }
    for (size_t i = 0; i < LEN(thread); i++) {
        SHOW(pthread_join(thread[i], NULL) == 0);
    }
}

/* Go's and Rust's wrappers never call C_Finalize; the process just ends. */
static void never_finalize(struct client *client)
{
    client_start(client, NULL);
}

/* ---- table ---- */

static const struct client_case cases[] = {
    {"init-null", init_null},
    {"init-os-locking", init_os_locking},
    {"init-no-threads", init_no_threads},
    {"init-flags-0", init_flags_0},
    {"init-own-mutexes", init_own_mutexes},
    {"init-bad-args", init_bad_args},
    {"get-interface", get_interface},
    {"get-function-list", get_function_list},
    {"fork-children", fork_children},
    {"fork-and-leave", fork_and_leave},
    {"many-sessions", many_sessions},
    {"loaded-twice", loaded_twice},
    {"threads", threads},
    {"never-finalize", never_finalize},
};

int main(int argc, char **argv)
{
    return client_main(argc, argv, cases, LEN(cases));
}
