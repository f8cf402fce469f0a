#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace elasticity {

/// One SQLite connection whose statements are prepared once. Threads: one at a time.
class SqliteConnection {
public:
    /// One row of an answer; its texts live until the next row.
    class Row {
    public:
        explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
        std::int64_t integer(int column) const;
        std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
        std::string text(int column) const;

    private:
        sqlite3_stmt* statement_;
    };
    using OnRow = std::function<void(const Row&)>;

    /// Creates a missing file with mode 0600. An attempt to use a locked one waits `busy_timeout_ms`.
    static Result<SqliteConnection> open(const std::filesystem::path& path, int busy_timeout_ms);

    /// Runs one statement; `values` fill its question marks.
    template <class... Values>
    Result<> execute(const char* sql, const Values&... values) {
        return query(sql, [](const Row&) {}, values...);
    }

    /// As `execute`, with each row of the answer.
    template <class... Values>
    Result<> query(const char* sql, const OnRow& on_row, const Values&... values) {
        auto statement = prepare(sql);
        if (!statement) return statement.error();
        int index = 0;
        (bind(*statement, ++index, values), ...);
        return run(*statement, on_row);
    }

    /// The answer of a statement that gives one number, such as a pragma; 0 when it gives no row.
    Result<std::int64_t> query_integer(const char* sql);

    /// Runs several statements without values, such as a schema.
    Result<> execute_script(const std::string& sql);

    std::int64_t last_insert_id() const;

    /// False between BEGIN and its COMMIT; SQLite itself ends a transaction after some errors.
    bool in_transaction() const;

    const std::filesystem::path& path() const { return path_; }

private:
    struct CloseDatabase {
        void operator()(sqlite3* database) const;
    };
    struct FinalizeStatement {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

    explicit SqliteConnection(std::filesystem::path path) : path_(std::move(path)) {}

    Error error(std::string_view action) const;
    Result<sqlite3_stmt*> prepare(const char* sql);
    Result<> run(sqlite3_stmt* statement, const OnRow& on_row);
    static void bind(sqlite3_stmt* statement, int index, std::string_view text);
    static void bind(sqlite3_stmt* statement, int index, std::int64_t number);
    static void bind(sqlite3_stmt* statement, int index, std::uint64_t number);

    std::filesystem::path path_;
    std::unique_ptr<sqlite3, CloseDatabase> database_;
    std::map<std::string, Statement, std::less<>> statements_;  // finalized before the database is closed
};

}  // namespace elasticity
