/* SPDX-License-Identifier: Apache-2.0 */
#include "session/slot.h"

#include "base/log.h"
#include "crypto/ossl.h"
#include "crypto/rng.h"
#include "session/login.h"
#include "session/module.h"
#include "session/object_table.h"

enum { PURGE_BATCH = 90 /* deletions in one transaction, below CFR_STORE_WRITES_MAX */ };

static struct cfr_token *find_locked(CK_SLOT_ID id)
{
    for (size_t i = 0; i < cfr_module.slot_count; i++) {
        if (cfr_module.slots[i]->id == id) {
            return cfr_module.slots[i];
        }
    }
    return NULL;
}

/* The slot with an id, made if it is not there; slots are kept by rising id. */
static CK_RV make_locked(CK_SLOT_ID id, struct cfr_token **ret_token)
{
    struct cfr_token *token = find_locked(id);
    size_t at = cfr_module.slot_count;

    if (token == NULL) {
        FAIL_UNLESS(cfr_module.slot_count < CFR_SLOTS_MAX, CKR_HOST_MEMORY);
        TRY(cfr_token_new(id, &token));
        for (; at > 0 && cfr_module.slots[at - 1]->id > id; at--) {
            cfr_module.slots[at] = cfr_module.slots[at - 1];
        }
        cfr_module.slots[at] = token;
        cfr_module.slot_count++;
    }
    *ret_token = token;
    return CKR_OK;
}

/* Slot numbers of the tokens in the store. */
struct found_slots {
    CK_SLOT_ID ids[CFR_SLOTS_MAX];
    size_t count;
};

static bool note_slot(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct found_slots *found = arg;

    (void)value;
    if (key.len == 5 && found->count < CFR_SLOTS_MAX) {
        found->ids[found->count++] = cfr_load_be32(key.ptr + 1);
    }
    return true;
}

/*
 * Read one token's record. One that cannot be read is logged, cleared from *@p is_whole, and leaves its slot as
 * it is; the others stay usable.
 */
static CK_RV adopt_slot_locked(struct cfr_store_txn *txn, CK_SLOT_ID id, bool *is_whole)
{
    struct cfr_token_record record;
    struct cfr_token *token = NULL;
    CK_RV rv;

    TRY(make_locked(id, &token));
    rv = cfr_token_record_read(cfr_module.master, txn, id, &record);
    if (rv != CKR_OK && rv != CKR_HOST_MEMORY) {
        cfr_log(CFR_LOG_ERROR, "slot %lu: the token's record cannot be read", id);
        *is_whole = false;
        return CKR_OK;
    }
    TRY(rv);
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    cfr_token_adopt_locked(token, &record);
    return CKR_OK;
}

static CK_RV read_tokens_locked(struct cfr_store_txn *txn, uint64_t *ret_next_slot, bool *is_whole)
{
    static const char kind = 'T';
    struct cfr_record_key low = cfr_key_of_kind(kind);
    struct cfr_record_key high = cfr_key_after_prefix(&low);
    AUTO(buf) scratch = CFR_BUF(sizeof(struct found_slots));
    struct found_slots *found;
    struct cfr_generation generation;

    cfr_buf_put_zeros(&scratch, sizeof(struct found_slots));
    TRY(cfr_buf_check(&scratch));
    found = (struct found_slots *)(void *)scratch.ptr;
    TRY(cfr_store_rv(
        txn->store->ops->range(txn, cfr_record_key_view(&low), cfr_record_key_view(&high), note_slot, found),
        "range T"));
    for (size_t i = 0; i < found->count; i++) {
        TRY(adopt_slot_locked(txn, found->ids[i], is_whole));
    }
    TRY(cfr_catalogue_read(&cfr_module.tokens, txn, &generation));
    *ret_next_slot = generation.counters[CFR_COUNT_NEXT_SLOT];
    return CKR_OK;
}

static CK_RV refresh_locked(void)
{
    struct cfr_token *empty = NULL;
    uint64_t next_slot = 0;
    uint64_t version = UINT64_MAX; /* of no store */
    bool is_whole = true;

    TRY(cfr_module_open_store_locked(false));
    if (cfr_module.store != NULL) {
        struct cfr_store *store = cfr_module.store;
        AUTO(store_txn) *txn = NULL;

        version = store->ops->version(store);
        if (version == cfr_module.listed_version) {
            cfr_module.listed_count = cfr_module.slot_count;
            return CKR_OK;
        }
        TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
        TRY(read_tokens_locked(txn, &next_slot, &is_whole));
    }
    TRY(make_locked(next_slot, &empty));
    cfr_module.listed_count = cfr_module.slot_count;
    /* What could not be read is looked at again next time, whether the store has changed or not. */
    cfr_module.listed_version = is_whole ? version : UINT64_MAX;
    return CKR_OK;
}

CK_RV cfr_slots_refresh(void)
{
    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);
    CK_RV rv = refresh_locked();

    /* A store that cannot be read now leaves the slots that are known. */
    if (rv != CKR_OK && rv != CKR_HOST_MEMORY) {
        struct cfr_token *first = NULL;

        cfr_log(CFR_LOG_ERROR, "slots: %s", cfr_note_last()->words);
        if (cfr_module.slot_count == 0) {
            TRY(make_locked(0, &first));
        }
        cfr_module.listed_count = cfr_module.slot_count;
        return CKR_OK;
    }
    return rv;
}

size_t cfr_slots_listed(void)
{
    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    return cfr_module.listed_count;
}

struct cfr_token *cfr_slots_at(size_t index)
{
    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    return index < cfr_module.slot_count ? cfr_module.slots[index] : NULL;
}

static struct cfr_token *find(CK_SLOT_ID id)
{
    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    return find_locked(id);
}

static bool is_empty(struct cfr_token *token)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    return !token->is_initialized;
}

/* Another process may have made a token since; the list itself stays as it was reported. */
static CK_RV look_again(void)
{
    size_t listed = cfr_slots_listed();

    cfr_ossl_errors_keep();
    TRY(cfr_slots_refresh());

    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    cfr_module.listed_count = listed;
    return CKR_OK;
}

CK_RV cfr_slot_find(CK_SLOT_ID id, struct cfr_token **ret_token)
{
    struct cfr_token *token = find(id);

    if (token == NULL || is_empty(token)) {
        TRY(look_again());
        token = find(id);
    }
    if (token == NULL) {
        return cfr_fail(CKR_SLOT_ID_INVALID, "there is no slot %lu", id);
    }
    *ret_token = token;
    return CKR_OK;
}

/* The slot that follows those noted, if its token was made. */
static struct cfr_token *unnoted_locked(void)
{
    struct cfr_token *token =
        cfr_module.noted_count < cfr_module.slot_count ? cfr_module.slots[cfr_module.noted_count] : NULL;

    return token == NULL || is_empty(token) ? NULL : token;
}

CK_RV cfr_slots_next_event(CK_SLOT_ID *ret_slot)
{
    struct cfr_token *token;

    TRY(look_again());

    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    token = unnoted_locked();
    if (token == NULL) {
        return CKR_NO_EVENT;
    }
    cfr_module.noted_count++;
    *ret_slot = token->id;
    return CKR_OK;
}

void cfr_slots_note_all(void)
{
    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    for (cfr_module.noted_count = 0; unnoted_locked() != NULL; cfr_module.noted_count++) {
    }
}

/* The making of a token, or of its next life, in one transaction. */
struct birth {
    CK_SLOT_ID id;
    bool is_new;
    struct cfr_token_record record; /* in: as it is to be; space and serial number are set here when new */
    struct cfr_keyslot so;
    struct cfr_secret *space_key;
    uint32_t old_space; /* not new: the space given up */
    uint32_t old_revision;
};

static CK_RV put_record(struct cfr_changes *changes, const struct cfr_record_key *key, uint32_t revision,
                        const struct cfr_buf *text)
{
    struct cfr_seal_header header = {.revision = revision};

    TRY(cfr_buf_check(text));
    return cfr_changes_put_sealed(changes, key, cfr_master_records(changes->catalogue->master), &header,
                                  cfr_buf_view(text));
}

/* The keyslot of the SO in the new space, whose catalogue begins with it. */
static CK_RV found_space(struct cfr_store_txn *txn, const struct birth *birth)
{
    struct cfr_record_key key = cfr_key_of_principal(birth->record.space, CFR_PRINCIPAL_SO);
    struct cfr_catalogue catalogue = {0};
    struct cfr_changes changes;
    AUTO(buf) text = CFR_BUF(1024);
    CK_RV rv;

    TRY(cfr_catalogue_open(cfr_module.master, birth->record.space, &catalogue));
    cfr_keyslot_encode(&birth->so, &text);
    rv = cfr_changes_begin(&catalogue, txn, &changes);
    rv = rv == CKR_OK ? put_record(&changes, &key, 1, &text) : rv;
    rv = rv == CKR_OK ? cfr_changes_finish(&changes, true) : rv;
    cfr_catalogue_close(&catalogue);
    return rv;
}

static CK_RV birth_body(struct cfr_store_txn *txn, void *arg)
{
    struct birth *birth = arg;
    struct cfr_record_key token_key = cfr_key_in_space('T', (uint32_t)birth->id);
    struct cfr_changes changes;
    AUTO(buf) text = CFR_BUF(512);
    AUTO(buf) none = CFR_BUF(1);

    TRY(cfr_changes_begin(&cfr_module.tokens, txn, &changes));
    if (birth->is_new) {
        /*
         * Another process may have taken this slot a moment ago: then it is that token's, and its SO's PIN
         * counts.
         */
        FAIL_UNLESS(changes.generation.counters[CFR_COUNT_NEXT_SLOT] == birth->id, CKR_PIN_INCORRECT);
        changes.generation.counters[CFR_COUNT_NEXT_SLOT]++;
    } else {
        struct cfr_record_key gone = cfr_key_in_space('Z', birth->old_space);
        struct cfr_token_record current;

        TRY(cfr_token_record_read(cfr_module.master, txn, birth->id, &current));
        FAIL_UNLESS(current.revision == birth->old_revision, CKR_PIN_INCORRECT);
        TRY(put_record(&changes, &gone, 1, &none));
    }
    /* The space was chosen before, because the keyslot is bound to it. */
    FAIL_UNLESS(changes.generation.counters[CFR_COUNT_NEXT_SPACE] + 1 == birth->record.space,
                CKR_FUNCTION_FAILED);
    changes.generation.counters[CFR_COUNT_NEXT_SPACE]++;
    cfr_token_record_encode(&birth->record, &text);
    TRY(put_record(&changes, &token_key, birth->old_revision + 1, &text));
    TRY(cfr_changes_finish(&changes, true));
    return found_space(txn, birth);
}

static CK_RV next_space(uint32_t *ret_space)
{
    AUTO(store_txn) *txn = NULL;
    struct cfr_generation generation;

    TRY(cfr_store_rv(cfr_module.store->ops->begin(cfr_module.store, CFR_STORE_READ, &txn), "begin"));
    TRY(cfr_catalogue_read(&cfr_module.tokens, txn, &generation));
    FAIL_UNLESS(generation.counters[CFR_COUNT_NEXT_SPACE] < UINT32_MAX - 1, CKR_DEVICE_MEMORY);
    *ret_space = (uint32_t)generation.counters[CFR_COUNT_NEXT_SPACE] + 1;
    return CKR_OK;
}

/*
 * Choose a space, wrap its key for the SO, and commit; again when another process took that space meanwhile.
 */
static CK_RV give_birth(struct birth *birth, struct cfr_span pin)
{
    struct cfr_pinkdf_cost cost = cfr_login_cost();
    CK_RV rv = CKR_FUNCTION_FAILED;

    for (int tries = 0; rv == CKR_FUNCTION_FAILED && tries < 100; tries++) {
        TRY(next_space(&birth->record.space));
        birth->so = (struct cfr_keyslot){.principal = CFR_PRINCIPAL_SO};
        TRY(cfr_keyslot_set_pin(cfr_module.master, birth->record.space, pin, &cost, birth->space_key,
                                &birth->so));
        rv = cfr_store_run(cfr_module.store, birth_body, birth);
    }
    return rv;
}

static bool note_key(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct cfr_buf *keys = arg;

    (void)value; /* nor is the key's form looked at: what does not belong there must go, too */
    cfr_buf_put_u8(keys, (uint8_t)key.len);
    cfr_buf_put(keys, key);
    return !keys->failed && keys->len < (size_t)PURGE_BATCH * (CFR_STORE_KEY_MAX_LEN + 1);
}

/* Some of the records of a space that was given up, or its mark when none are left. */
static CK_RV purge_body(struct cfr_store_txn *txn, void *arg)
{
    const struct cfr_store_ops *ops = txn->store->ops;
    uint32_t *space = arg;
    AUTO(buf) keys = CFR_BUF((PURGE_BATCH + 1) * (CFR_STORE_KEY_MAX_LEN + 1));
    struct cfr_reader reader;
    struct cfr_changes changes;

    for (const char *kind = "OXUG"; *kind != '\0' && keys.len == 0; kind++) {
        struct cfr_record_key low = cfr_key_in_space(*kind, *space);
        struct cfr_record_key high = cfr_key_after_prefix(&low);

        TRY(cfr_store_rv(
            ops->range(txn, cfr_record_key_view(&low), cfr_record_key_view(&high), note_key, &keys),
            "range"));
    }
    if (keys.len == 0) {
        struct cfr_record_key mark = cfr_key_in_space('Z', *space);

        TRY(cfr_changes_begin(&cfr_module.tokens, txn, &changes));
        TRY(cfr_changes_del(&changes, &mark));
        *space = 0;
        return cfr_changes_finish(&changes, false);
    }
    reader = cfr_reader_of(cfr_buf_view(&keys));
    for (int count = 0; count < PURGE_BATCH && reader.rest.len != 0; count++) {
        TRY(cfr_store_rv(ops->del(txn, cfr_read_octets(&reader, cfr_read_u8(&reader))), "del"));
    }
    return CKR_OK;
}

static bool note_space(void *arg, struct cfr_span key, struct cfr_span value)
{
    (void)value;
    *(uint32_t *)arg = key.len == 5 ? cfr_load_be32(key.ptr + 1) : 0;
    return false;
}

/* A space that was given up and whose records are still there; 0: none. */
static uint32_t space_to_purge(void)
{
    struct cfr_store *store = cfr_module.store;
    AUTO(store_txn) *txn = NULL;
    struct cfr_record_key low = cfr_key_of_kind('Z');
    struct cfr_record_key high = cfr_key_after_prefix(&low);
    uint32_t space = 0;

    if (store->ops->begin(store, CFR_STORE_READ, &txn) == CFR_STORE_OK) {
        (void)store->ops->range(txn, cfr_record_key_view(&low), cfr_record_key_view(&high), note_space,
                                &space);
    }
    return space;
}

/*
 * Remove what earlier lives of tokens left. Their keys are gone already, so a failure or a crash here costs
 * room and nothing else; the mark stays, and the next initialisation of any token goes on.
 */
static void purge_all(void)
{
    CK_RV rv = CKR_OK;

    for (uint32_t space = space_to_purge(); space != 0 && rv == CKR_OK; space = space_to_purge()) {
        while (space != 0 && rv == CKR_OK) {
            rv = cfr_store_run(cfr_module.store, purge_body, &space);
        }
    }
}

static CK_RV make_new(struct cfr_token *token, struct cfr_span pin, const uint8_t *label)
{
    const uint32_t *number = cfr_module.config.number;
    AUTO(secret) *space_key = NULL;
    struct birth birth = {.id = token->id, .is_new = true};
    uint8_t octets[CFR_SERIAL_LEN / 2];

    TRY(cfr_login_check_new_pin(pin, number[CFR_OPT_PIN_MIN_LEN], number[CFR_OPT_PIN_MAX_LEN]));
    TRY(cfr_rng_secret(CFR_SPACE_KEY_LEN, &space_key));
    TRY(cfr_rng_fill(octets, sizeof(octets)));
    birth.space_key = space_key;
    birth.record.profile = (enum cfr_profile)number[CFR_OPT_PROFILE];
    birth.record.pin_min_len = number[CFR_OPT_PIN_MIN_LEN];
    birth.record.pin_max_len = number[CFR_OPT_PIN_MAX_LEN];
    birth.record.pin_attempts = number[CFR_OPT_PIN_ATTEMPTS];
    cfr_copy(birth.record.label, label, CFR_LABEL_LEN);
    for (size_t i = 0; i < sizeof(octets); i++) {
        static const char digits[] = "0123456789abcdef";

        birth.record.serial[2 * i] = (uint8_t)digits[octets[i] >> 4];
        birth.record.serial[2 * i + 1] = (uint8_t)digits[octets[i] & 0x0f];
    }
    return give_birth(&birth, pin);
}

static CK_RV make_again(struct cfr_token *token, struct cfr_span pin, const uint8_t *label)
{
    AUTO(access) access = {0};
    AUTO(secret) *space_key = NULL;
    struct cfr_opened_slot opened = {0};
    struct birth birth = {.id = token->id};

    TRY(cfr_token_access(token, &access));
    TRY(cfr_login_try(token, &access, CFR_PRINCIPAL_SO, pin, &opened));
    cfr_secret_drop(opened.space_key);
    TRY(cfr_rng_secret(CFR_SPACE_KEY_LEN, &space_key));
    birth.space_key = space_key;
    birth.record = access.record;
    birth.old_space = access.record.space;
    birth.old_revision = access.record.revision;
    cfr_copy(birth.record.label, label, CFR_LABEL_LEN);
    return give_birth(&birth, pin);
}

static CK_RV open_store(void)
{
    AUTO(hold) hold = cfr_hold_take(&cfr_module.lock);

    return cfr_module_open_store_locked(true);
}

static CK_RV check_no_session(struct cfr_token *token)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    FAIL_UNLESS(token->sessions == 0, CKR_SESSION_EXISTS);
    return CKR_OK;
}

static CK_RV init_token(struct cfr_token *token, struct cfr_span pin, const uint8_t *label)
{
    AUTO(hold) hold = cfr_hold_take(&token->login_lock);
    AUTO(secret) *copy = NULL;

    TRY(check_no_session(token));
    TRY(cfr_secret_from(pin, &copy));
    if (is_empty(token)) {
        return make_new(token, cfr_secret_view(copy), label);
    }
    TRY(cfr_token_refresh(token));
    return make_again(token, cfr_secret_view(copy), label);
}

CK_RV cfr_slot_init_token(struct cfr_token *token, struct cfr_span pin, const uint8_t *label)
{
    TRY(open_store());
    TRY(init_token(token, pin, label));
    purge_all();
    /* The token is made, whatever happens now: what is not read back here is read when it is used. */
    if (cfr_slots_refresh() != CKR_OK) {
        cfr_log(CFR_LOG_WARN, "slot %lu: the new token was not read back", token->id);
    }
    return CKR_OK;
}

CK_RV cfr_slot_pin_state(struct cfr_token *token, struct cfr_keyslot slots[2])
{
    AUTO(access) access = {0};
    AUTO(store_txn) *txn = NULL;
    struct cfr_store *store;

    TRY(cfr_token_access(token, &access));
    store = access.view.space->store;
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    for (uint32_t principal = CFR_PRINCIPAL_SO; principal <= CFR_PRINCIPAL_USER; principal++) {
        CK_RV rv = cfr_token_read_keyslot(access.view.space, txn, principal, &slots[principal], NULL);

        if (rv == CKR_USER_PIN_NOT_INITIALIZED) {
            slots[principal] = (struct cfr_keyslot){.principal = principal};
            rv = CKR_OK;
        }
        TRY(rv);
    }
    return CKR_OK;
}
