using Dapper;
using Microsoft.Data.Sqlite;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>Prepared statements that are used again must behave as if they were new.</summary>
public sealed class CachingConnectionTests : IDisposable
{
    private const string Insert = "INSERT INTO t (id, text) VALUES (@Id, @Text)";
    private const string Select = "SELECT text FROM t WHERE id >= @Id ORDER BY id";

    private readonly CachingConnection _connection;

    public CachingConnectionTests()
    {
        // The store loads the native library; a connection alone would find none.
        _ = NativeSqlite.Description;
        _connection = new CachingConnection("Data Source=:memory:;Pooling=False");
        _connection.Open();
        _connection.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
        _connection.Execute(Insert, new { Id = 1, Text = "one" });
    }

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void A_text_is_prepared_once()
    {
        SqliteCommand first = _connection.Take(Select);
        _connection.Return(first);

        _connection.Take(Select).Should().BeSameAs(first);
    }

    [Fact]
    public void A_text_can_be_used_twice_at_once()
    {
        foreach (string outer in _connection.Query<string>(Select, new { Id = 0 }, buffered: false))
            _connection.Query<string>(Select, new { Id = 1 }).Should().Equal(outer);
    }

    [Fact]
    public void Nothing_of_an_earlier_use_stays_bound()
    {
        _connection.Execute(Insert, new { Id = 2, Text = (string?)null });
        _connection.Query<string?>(Select, new { Id = 1 }).Should().Equal("one", null);
        _connection.Query<string?>(Select, new { Id = 2 }).Should().Equal((string?)null);

        Action unbound = () => _connection.Execute(Insert, new { Id = 3 });

        unbound.Should().Throw<InvalidOperationException>().WithMessage("*@Text*");
    }

    [Fact]
    public void A_text_works_again_after_it_failed()
    {
        Action again = () => _connection.Execute(Insert, new { Id = 1, Text = "taken" });
        again.Should().Throw<SqliteException>();

        _connection.Execute(Insert, new { Id = 2, Text = "two" }).Should().Be(1);
        _connection.Query<string>(Select, new { Id = 0 }).Should().Equal("one", "two");
    }

    [Fact]
    public void A_reader_that_was_left_early_holds_nothing()
    {
        using (System.Data.IDataReader reader = _connection.ExecuteReader(Select, new { Id = 0 }))
            reader.Read().Should().BeTrue();

        _connection.Execute("DROP TABLE t");
        _connection.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
        _connection.Query<string>(Select, new { Id = 0 }).Should().BeEmpty("a prepared text follows the schema");
    }

    [Fact]
    public void Transactions_and_their_savepoints_work_through_it()
    {
        for (int round = 0; round < 3; round++)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            transaction.Save("unit");
            _connection.Execute(Insert, new { Id = 10, Text = "undone" }, transaction);
            transaction.Rollback("unit");
            transaction.Release("unit");
            _connection.Execute(Insert, new { Id = 20 + round, Text = "kept" }, transaction);
            transaction.Commit();
        }

        _connection.Query<string>(Select, new { Id = 2 }).Should().Equal("kept", "kept", "kept");
    }
}
