using System.Buffers.Binary;
using System.Net.Sockets;
using Npgsql;

namespace Qkms.Tests.Hosting;

/// <summary>F-43: a database or a collector that cannot be used stops the start in one sentence that names it, with status 1.</summary>
public sealed class FailedStartTests : IDisposable
{
    private const int RequestForTls = 80877103;
    private const int RequestForGss = 80877104;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>F-43: the SDK of OpenTelemetry passed these over, and sent traces and metrics to localhost.</summary>
    [TheoryIf(Requirement.Sqlite)]
    [LongInlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense", "must be an http or https address")]
    [LongInlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "must be an http or https address")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "token:very-secret@collector", "must be an http or https address")]
    [LongInlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "127.0.0.1:4317", "must be an http or https address")]
    [LongInlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:4317", "must be an http or https address")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "must be grpc or http/protobuf")]
    [LongInlineData("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "gRPC", "must be grpc or http/protobuf")]
    public async Task Collector_that_is_no_address_is_refused(string variable, string value, string problem)
    {
        Dictionary<string, string?> environment = new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", [variable] = value };

        string sentence = await FailedStart.SentenceAsync(_directory.File("data"), environment);

        sentence.Should().Contain($"{variable} {problem}").And.NotContain("very-secret");
        Directory.Exists(_directory.File("data")).Should().BeFalse("a start that is refused makes nothing");
    }

    // F-14: an installation that lost its database is not replaced by a new one in silence, whichever of its files is left.
    private static async Task ShouldNotBeginAnewAsync(string data, string file)
    {
        foreach (string left in (string[])["initial-api-key", "root.key"])
        {
            byte[] before = await File.ReadAllBytesAsync(Path.Combine(data, left));
            (await FailedStart.SentenceAsync(data)).Should().Contain($"'{file}' has no bytes although {left} lies beside it");
            new FileInfo(file).Length.Should().Be(0);
            (await File.ReadAllBytesAsync(Path.Combine(data, left))).Should().Equal(before);
            File.Move(Path.Combine(data, left), data + left);
        }

        File.Move(data + "root.key", Path.Combine(data, "root.key"));
    }

    [FactIf(Requirement.Sqlite)]
    public async Task Database_file_that_somebody_holds_or_that_is_none_is_refused()
    {
        string data = _directory.File("data");
        using (ServiceProcess service = await ServiceProcess.StartAsync(data))
            (await service.TerminateAsync()).Should().Be(0);

        string file = Path.Combine(data, "qkms.db");
        using (Database database = TestStorage.OpenUntouched(data))
        {
            database.Execute("BEGIN EXCLUSIVE");
            (await FailedStart.SentenceAsync(data)).Should().Contain($"'{file}' cannot be opened").And.Contain("locked");
            database.Execute("COMMIT");
        }

        byte[] whole = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(file, whole[..20_000]);
        (await FailedStart.SentenceAsync(data)).Should().Contain($"'{file}' cannot be opened").And.Contain("malformed");
        await File.WriteAllBytesAsync(file, []);
        await ShouldNotBeginAnewAsync(data, file);
        await File.WriteAllTextAsync(file, new string('x', 10_000));
        (await FailedStart.SentenceAsync(data)).Should().Contain($"'{file}' cannot be opened").And.Contain("not a database");
        File.Delete(file);
        Directory.CreateDirectory(file);
        (await FailedStart.SentenceAsync(data)).Should().Contain($"'{file}' is not a regular file");
        Directory.Delete(file);
        await File.WriteAllBytesAsync(file, whole);

        using ServiceProcess again = await ServiceProcess.StartAsync(data);
        (await again.TerminateAsync()).Should().Be(0);
    }

    /// <summary>F-43: a server of PostgreSQL that says so, before it is asked anything.</summary>
    [TheoryIf(Requirement.Sqlite)]
    [InlineData("14.9", "The database server is PostgreSQL 14.9; Qkms needs 15 or later.")]
    [InlineData(null, "The database 'q' on 127.0.0.1:PORT cannot be used: 28P01: password authentication failed")]
    public async Task Server_that_is_too_old_or_refuses_the_password_is_named(string? version, string sentence)
    {
        using TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        int port = ((IPEndPoint)server.LocalEndpoint).Port;
        using CancellationTokenSource end = new();
        Task serving = ServeAsync(server, version, end.Token);

        string said = await FailedStart.SentenceAsync(
            _directory.File("data"), Shared($"Host=127.0.0.1;Port={port};Database=q;Username=q;Password=very-secret"));

        said.Should().Contain(sentence.Replace("PORT", $"{port}", StringComparison.Ordinal)).And.NotContain("very-secret");
        await end.CancelAsync();
        await serving;
    }

    [FactIf(Requirement.Postgres)]
    public async Task Database_that_is_not_there_or_lets_nothing_be_made_is_named()
    {
        using PostgresDatabase database = PostgresServer.CreateEmpty();
        NpgsqlConnectionStringBuilder absent = new(database.ConnectionString) { Database = "nobodys" };
        (await FailedStart.SentenceAsync(_directory.File("absent"), Shared(absent.ConnectionString)))
            .Should().Contain("The database 'nobodys' on ").And.Contain("3D000: ");

        string role = $"nobody_{database.Name}";
        database.Run($"CREATE ROLE {role} LOGIN");
        try
        {
            NpgsqlConnectionStringBuilder powerless = new(database.ConnectionString) { Username = role };
            (await FailedStart.SentenceAsync(_directory.File("powerless"), Shared(powerless.ConnectionString)))
                .Should().Contain($"The database '{database.Name}' on ").And.Contain("42501: ");
        }
        finally
        {
            database.Run($"DROP ROLE {role}");
        }
    }

    private static Dictionary<string, string?> Shared(string connectionString) => new()
    {
        ["Qkms__Storage__Provider"] = "postgresql",
        ["Qkms__Storage__ConnectionString"] = connectionString,
        ["QKMS_ROOT_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
    };

    private static async Task ServeAsync(TcpListener server, string? version, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await server.AcceptTcpClientAsync(end);
                await AnswerAsync(client.GetStream(), version, end);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The test is over, or the client is.
            }
        }
    }

    // As much of the protocol as a client needs to learn that it cannot stay
    // (https://www.postgresql.org/docs/current/protocol-message-formats.html).
    private static async Task AnswerAsync(NetworkStream stream, string? version, CancellationToken end)
    {
        byte[] length = new byte[4];
        int request;
        do
        {
            await stream.ReadExactlyAsync(length, end);
            byte[] rest = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - length.Length];
            await stream.ReadExactlyAsync(rest, end);
            request = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (request is RequestForTls or RequestForGss)
                await stream.WriteAsync("N"u8.ToArray(), end);
        }
        while (request is RequestForTls or RequestForGss);

        await stream.WriteAsync(version is null ? Refusal() : Welcome(version), end);
        await stream.ReadAtLeastAsync(length, length.Length, throwOnEndOfStream: false, end);
    }

    private static byte[] Refusal() => Message('E', "SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"q\"\0\0");

    private static byte[] Welcome(string version) =>
    [
        .. Message('R', "\0\0\0\0"),
        .. Message('S', $"server_version\0{version}\0"),
        .. Message('S', "client_encoding\0UTF8\0"),
        .. Message('S', "standard_conforming_strings\0on\0"),
        .. Message('K', "\0\0\0\u0001\0\0\0\u0001"),
        .. Message('Z', "I"),
    ];

    private static byte[] Message(char type, string content)
    {
        byte[] message = new byte[1 + 4 + content.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 1);
        Encoding.ASCII.GetBytes(content, message.AsSpan(5));
        return message;
    }
}
