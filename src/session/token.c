/* SPDX-License-Identifier: Apache-2.0 */
#include "session/token.h"

#include "base/alloc.h"
#include "base/log.h"
#include "crypto/ossl.h"
#include "session/module.h"
#include "session/object_table.h"
#include "session/saved_state.h"

enum { RECORD_MAX_LEN = 256 };

struct cfr_login *cfr_login_share(struct cfr_login *login)
{
    if (login != NULL) {
        atomic_fetch_add_explicit(&login->shares, 1, memory_order_relaxed);
    }
    return login;
}

void cfr_login_drop(struct cfr_login *login)
{
    if (login != NULL && atomic_fetch_sub_explicit(&login->shares, 1, memory_order_acq_rel) == 1) {
        cfr_secret_drop(login->space_key);
        cfr_space_half_clear(&login->half);
        cfr_free(login);
    }
}

struct cfr_open_space *cfr_open_space_share(struct cfr_open_space *open)
{
    if (open != NULL) {
        atomic_fetch_add_explicit(&open->shares, 1, memory_order_relaxed);
    }
    return open;
}

void cfr_open_space_drop(struct cfr_open_space *open)
{
    if (open != NULL && atomic_fetch_sub_explicit(&open->shares, 1, memory_order_acq_rel) == 1) {
        cfr_space_drop(open->space);
        cfr_free(open);
    }
}

CK_RV cfr_token_new(CK_SLOT_ID id, struct cfr_token **ret_token)
{
    struct cfr_token *token = cfr_alloc_aligned(_Alignof(struct cfr_token), sizeof(*token));
    CK_RV rv;

    FAIL_UNLESS(token != NULL, CKR_HOST_MEMORY);
    token->id = id;
    rv = cfr_lock_init(&token->login_lock, CFR_RANK_LOGIN);
    if (rv == CKR_OK) {
        rv = cfr_lock_init(&token->lock, CFR_RANK_TOKEN);
        if (rv != CKR_OK) {
            cfr_lock_clear(&token->login_lock);
        }
    }
    if (rv != CKR_OK) {
        cfr_free(token);
        return rv;
    }
    *ret_token = token;
    return CKR_OK;
}

void cfr_token_drop(struct cfr_token *token)
{
    struct cfr_object *object;
    size_t cursor = 0;

    if (token == NULL) {
        return;
    }
    while ((object = cfr_hashmap_next(&token->session_objects, &cursor)) != NULL) {
        cfr_object_drop(object);
    }
    cfr_hashmap_clear(&token->session_objects);
    cfr_objects_forget_locked(token, 0);
    cfr_saved_clear_locked(token, false);
    cfr_login_drop(token->login);
    cfr_open_space_drop(token->open);
    cfr_lock_clear(&token->lock);
    cfr_lock_clear(&token->login_lock);
    cfr_free(token);
}

void cfr_token_record_encode(const struct cfr_token_record *record, struct cfr_buf *out)
{
    cfr_buf_put(out, cfr_span_of(record->label, CFR_LABEL_LEN));
    cfr_buf_put(out, cfr_span_of(record->serial, CFR_SERIAL_LEN));
    cfr_buf_put_be32(out, record->space);
    cfr_buf_put_u8(out, (uint8_t)record->profile);
    cfr_buf_put_be32(out, record->pin_min_len);
    cfr_buf_put_be32(out, record->pin_max_len);
    cfr_buf_put_be32(out, record->pin_attempts);
}

CK_RV cfr_token_record_decode(struct cfr_span text, struct cfr_token_record *ret_record)
{
    struct cfr_reader reader = cfr_reader_of(text);
    struct cfr_token_record record = {0};
    uint8_t profile;

    cfr_read_into(&reader, record.label, CFR_LABEL_LEN);
    cfr_read_into(&reader, record.serial, CFR_SERIAL_LEN);
    record.space = cfr_read_be32(&reader);
    profile = cfr_read_u8(&reader);
    record.pin_min_len = cfr_read_be32(&reader);
    record.pin_max_len = cfr_read_be32(&reader);
    record.pin_attempts = cfr_read_be32(&reader);
    FAIL_UNLESS(cfr_reader_done(&reader) && profile < CFR_PROFILE_COUNT, CKR_DEVICE_ERROR);
    record.profile = (enum cfr_profile)profile;
    *ret_record = record;
    return CKR_OK;
}

CK_RV cfr_token_record_read(const struct cfr_master *master, struct cfr_store_txn *txn, CK_SLOT_ID id,
                            struct cfr_token_record *ret_record)
{
    struct cfr_record_key key = cfr_key_in_space('T', (uint32_t)id);
    struct cfr_seal_header header = {0};
    struct cfr_span sealed = {0};
    AUTO(secret) *text = NULL;
    enum cfr_store_status status = txn->store->ops->get(txn, cfr_record_key_view(&key), &sealed);

    FAIL_UNLESS(status != CFR_STORE_NOTFOUND, CKR_TOKEN_NOT_PRESENT);
    TRY(cfr_store_rv(status, "get T"));
    TRY(cfr_unseal(cfr_master_records(master), cfr_record_key_view(&key), sealed, &header, &text));
    TRY(cfr_token_record_decode(cfr_secret_view(text), ret_record));
    ret_record->revision = header.revision;
    return CKR_OK;
}

CK_RV cfr_token_read_keyslot(const struct cfr_space *space, struct cfr_store_txn *txn, uint32_t principal,
                             struct cfr_keyslot *ret_slot, uint32_t *ret_revision)
{
    struct cfr_record_key key = cfr_key_of_principal(space->number, principal);
    struct cfr_seal_header header = {0};
    struct cfr_span sealed = {0};
    AUTO(secret) *text = NULL;
    enum cfr_store_status status = txn->store->ops->get(txn, cfr_record_key_view(&key), &sealed);

    FAIL_UNLESS(status != CFR_STORE_NOTFOUND, CKR_USER_PIN_NOT_INITIALIZED);
    TRY(cfr_store_rv(status, "get U"));
    TRY(cfr_unseal(cfr_master_records(space->master), cfr_record_key_view(&key), sealed, &header, &text));
    if (ret_revision != NULL) {
        *ret_revision = header.revision;
    }
    return cfr_keyslot_decode(cfr_secret_view(text), principal, ret_slot);
}

void cfr_token_logout_locked(struct cfr_token *token)
{
    if (token->login == NULL) {
        return;
    }
    cfr_login_drop(token->login);
    token->login = NULL;
    atomic_fetch_add(&token->epoch, 1);
    atomic_fetch_add(&token->stamp, 1);
    cfr_objects_sweep_locked(token, 0);
    cfr_objects_forget_locked(token, 0);
    cfr_saved_clear_locked(token, true);
}

void cfr_token_adopt_locked(struct cfr_token *token, const struct cfr_token_record *record)
{
    if (token->is_initialized && token->record.space != record->space) {
        cfr_token_logout_locked(token);
        cfr_objects_forget_locked(token, 0);
        cfr_open_space_drop(token->open);
        token->open = NULL;
        token->generation = 0;
        token->valid_from = 0;
        atomic_fetch_add(&token->stamp, 1);
    }
    token->record = *record;
    token->is_initialized = true;
}

/* A space of moderate size is verified whenever a process opens it; larger ones at a login once a day. */
static CK_RV verify_small(const struct cfr_space *space, struct cfr_store_txn *txn)
{
    struct cfr_generation generation;

    TRY(cfr_catalogue_read(&space->catalogue, txn, &generation));
    if (generation.generation == 0) {
        return cfr_fail(CKR_DEVICE_ERROR, "space %u, which a token names, has no records", space->number);
    }
    if (generation.counters[CFR_COUNT_RECORDS] > CFR_VERIFY_AT_OPEN_MAX) {
        return CKR_OK;
    }
    return cfr_catalogue_verify(&space->catalogue, txn, "UOX");
}

/*
 * Open the space that a token's record names. *ret_open stays NULL, and *ret_record is the record, when it names
 * another one meanwhile: the space that was asked for may be on its way out.
 */
static CK_RV open_space(CK_SLOT_ID id, uint32_t number, struct cfr_open_space **ret_open,
                        struct cfr_token_record *ret_record)
{
    AUTO(open_space) *open = cfr_alloc(sizeof(*open));
    AUTO(store_txn) *txn = NULL;
    struct cfr_store *store = cfr_module.store;

    FAIL_UNLESS(open != NULL, CKR_HOST_MEMORY);
    atomic_store_explicit(&open->shares, 1, memory_order_relaxed);
    TRY(cfr_space_open(store, cfr_module.master, number, &open->space));
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    TRY_MAP(cfr_token_record_read(cfr_module.master, txn, id, ret_record), CKR_TOKEN_NOT_PRESENT,
            CKR_DEVICE_ERROR);
    if (ret_record->space == number) {
        TRY(verify_small(open->space, txn));
        *ret_open = MOVE(open);
    }
    return CKR_OK;
}

/* The space that is to be opened; 0: it is open. */
static CK_RV space_to_open(struct cfr_token *token, uint32_t *ret_number)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    FAIL_UNLESS(token->is_initialized, CKR_TOKEN_NOT_INITIALIZED);
    *ret_number = token->open == NULL ? token->record.space : 0;
    return CKR_OK;
}

/*
 * Open the token's space at its first use. Without the token's lock, which others take with a transaction
 * open: nobody may begin one under it.
 */
static CK_RV ensure_open(struct cfr_token *token)
{
    AUTO(open_space) *open = NULL;
    struct cfr_token_record record;
    uint32_t number = 0;

    TRY(space_to_open(token, &number));
    if (number == 0) {
        return CKR_OK;
    }
    TRY(open_space(token->id, number, &open, &record));

    AUTO(hold) hold = cfr_hold_take(&token->lock);

    if (open == NULL) {
        cfr_token_adopt_locked(token, &record);
    } else if (token->open == NULL && token->record.space == number) {
        token->open = MOVE(open);
    }
    return CKR_OK;
}

/* False: the space is not open, or not any more. */
static bool share_access(struct cfr_token *token, struct cfr_access *access)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    if (token->open == NULL) {
        return false;
    }
    access->open = cfr_open_space_share(token->open);
    access->login = cfr_login_share(token->login);
    access->record = token->record;
    access->view.space = token->open->space;
    access->view.private_half =
        token->login != NULL && token->login->user == CFR_USER_NORMAL ? &token->login->half : NULL;
    return true;
}

CK_RV cfr_token_access(struct cfr_token *token, struct cfr_access *ret_access)
{
    while (!share_access(token, ret_access)) {
        TRY(ensure_open(token));
    }
    return CKR_OK;
}

bool cfr_token_is_current(struct cfr_token *token)
{
    struct cfr_store *store = cfr_module.store;

    return store == NULL ||
           store->ops->version(store) == atomic_load_explicit(&token->seen_version, memory_order_acquire);
}

/* Records that were read together in one snapshot, to be compared with what the token has. */
struct fresh {
    struct cfr_token_record record;
    struct cfr_generation generation;
    uint32_t slot_epoch; /* of the keyslot of whoever is logged in */
    bool slot_is_there;
};

static CK_RV read_fresh(const struct cfr_access *access, struct cfr_store_txn *txn, CK_SLOT_ID id,
                        struct fresh *fresh)
{
    const struct cfr_space *space = access->view.space;
    struct cfr_keyslot slot;
    CK_RV rv;

    TRY_MAP(cfr_token_record_read(space->master, txn, id, &fresh->record), CKR_TOKEN_NOT_PRESENT,
            CKR_DEVICE_ERROR);
    TRY(cfr_catalogue_read(&space->catalogue, txn, &fresh->generation));
    if (access->login != NULL && fresh->record.space == space->number) {
        rv = cfr_token_read_keyslot(
            space, txn, access->login->user == CFR_USER_SO ? CFR_PRINCIPAL_SO : CFR_PRINCIPAL_USER, &slot,
            NULL);
        fresh->slot_is_there = rv == CKR_OK;
        fresh->slot_epoch = rv == CKR_OK ? slot.epoch : 0;
        return rv == CKR_USER_PIN_NOT_INITIALIZED ? CKR_OK : rv;
    }
    return CKR_OK;
}

static void adopt_fresh_locked(struct cfr_token *token, const struct cfr_access *access,
                               const struct fresh *fresh)
{
    bool same_login = token->login != NULL && token->login == access->login;

    if (fresh->generation.generation != token->generation && fresh->record.space == token->record.space) {
        token->generation = fresh->generation.generation;
        token->valid_from = fresh->generation.generation;
        atomic_fetch_add(&token->stamp, 1);
    }
    cfr_token_adopt_locked(token, &fresh->record);
    if (same_login && token->login != NULL &&
        (!fresh->slot_is_there || (fresh->slot_epoch != token->login->slot_epoch &&
                                   fresh->slot_epoch != token->login->next_slot_epoch))) {
        cfr_log(CFR_LOG_INFO, "slot %lu: the PIN was changed by another process; logged out", token->id);
        cfr_token_logout_locked(token);
    }
}

CK_RV cfr_token_refresh(struct cfr_token *token)
{
    struct cfr_store *store = cfr_module.store;
    AUTO(access) access = {0};
    AUTO(store_txn) *txn = NULL;
    struct fresh fresh = {0};
    uint64_t version;

    if (CFR_LIKELY(cfr_token_is_current(token))) {
        return CKR_OK;
    }
    cfr_ossl_errors_keep();
    /* Taken before the snapshot: a commit in between is then looked at once too often, and never missed. */
    version = store->ops->version(store);
    TRY_MAP(cfr_token_access(token, &access), CKR_TOKEN_NOT_INITIALIZED, CKR_OK);
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    TRY(read_fresh(&access, txn, token->id, &fresh));

    AUTO(hold) hold = cfr_hold_take(&token->lock);

    adopt_fresh_locked(token, &access, &fresh);
    atomic_store_explicit(&token->seen_version, version, memory_order_release);
    return CKR_OK;
}

void cfr_token_committed_locked(struct cfr_token *token, uint64_t generation)
{
    /*
     * When nothing else has happened in between, what is cached stays valid; else the next refresh says what
     * is not.
     */
    if (token->generation + 1 == generation) {
        token->generation = generation;
    }
    atomic_fetch_add(&token->stamp, 1);
}

struct cfr_actor cfr_token_actor(struct cfr_token *token)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    return (struct cfr_actor){
        .is_user = token->login != NULL && token->login->user == CFR_USER_NORMAL,
        .is_so = token->login != NULL && token->login->user == CFR_USER_SO,
        .profile = token->is_initialized ? token->record.profile : CFR_PROFILE_STANDARD,
    };
}
