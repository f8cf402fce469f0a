#include "core/io/state/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/file_descriptor.hpp"

namespace elasticity {

namespace {

/// SQLite would create the file as the umask says. Only a new file is opened here: closing a descriptor of
/// one that is in use would drop its locks.
Result<> create_private(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file) return sync_directory(path.parent_path());
    if (errno == EEXIST) return {};
    return system_error(path, "create", errno);
}

ErrorKind kind_of(int code, int error_number) {
    if (code == SQLITE_FULL || error_number == ENOSPC || error_number == EDQUOT) return ErrorKind::exhausted;
    switch (code) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return ErrorKind::conflict;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorKind::invalid;
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH: return ErrorKind::refused;
        case SQLITE_IOERR:
        case SQLITE_NOMEM: return ErrorKind::unavailable;
        default: return ErrorKind::internal;
    }
}

}  // namespace

std::int64_t SqliteConnection::Row::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string SqliteConnection::Row::text(int column) const {
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

void SqliteConnection::CloseDatabase::operator()(sqlite3* database) const {
    sqlite3_close_v2(database);
}

void SqliteConnection::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Result<SqliteConnection> SqliteConnection::open(const std::filesystem::path& path, int busy_timeout_ms) {
    if (auto created = create_private(path); !created) return created.error();
    SqliteConnection connection(path);
    sqlite3* database = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    connection.database_.reset(database);
    if (code != SQLITE_OK) return connection.error("open");
    sqlite3_busy_timeout(database, busy_timeout_ms);
    return connection;
}

Error SqliteConnection::error(std::string_view action) const {
    sqlite3* const database = database_.get();
    const int code = sqlite3_errcode(database) & 0xff;
    const int error_number = code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_CANTOPEN
                                 ? sqlite3_system_errno(database)
                                 : 0;
    std::string message =
        path_.string() + ": cannot " + std::string(action) + ": " + sqlite3_errmsg(database);
    if (error_number != 0) message += " (" + std::generic_category().message(error_number) + ")";
    return {kind_of(code, error_number), std::move(message)};
}

Result<sqlite3_stmt*> SqliteConnection::prepare(const char* sql) {
    const auto known = statements_.find(std::string_view(sql));
    if (known != statements_.end()) return known->second.get();
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
        return error(sql);
    }
    return statements_.emplace(sql, Statement(raw)).first->second.get();
}

Result<> SqliteConnection::run(sqlite3_stmt* statement, const OnRow& on_row) {
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) on_row(Row(statement));
    Result<> outcome;
    if (code != SQLITE_DONE) outcome = error(sqlite3_sql(statement));
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return outcome;
}

Result<std::int64_t> SqliteConnection::query_integer(const char* sql) {
    std::int64_t number = 0;
    auto done = query(sql, [&number](const Row& row) { number = row.integer(0); });
    if (!done) return done.error();
    return number;
}

Result<> SqliteConnection::execute_script(const std::string& sql) {
    if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return error("run a script");
    }
    return {};
}

std::int64_t SqliteConnection::last_insert_id() const {
    return sqlite3_last_insert_rowid(database_.get());
}

bool SqliteConnection::in_transaction() const {
    return sqlite3_get_autocommit(database_.get()) == 0;
}

// The texts outlive the statement's run, which happens within the same call.
void SqliteConnection::bind(sqlite3_stmt* statement, int index, std::string_view text) {
    const char* const bytes = text.data() == nullptr ? "" : text.data();
    sqlite3_bind_text64(statement, index, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void SqliteConnection::bind(sqlite3_stmt* statement, int index, std::int64_t number) {
    sqlite3_bind_int64(statement, index, number);
}

void SqliteConnection::bind(sqlite3_stmt* statement, int index, std::uint64_t number) {
    sqlite3_bind_int64(statement, index, static_cast<std::int64_t>(number));
}

}  // namespace elasticity
