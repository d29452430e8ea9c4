namespace Qkms.Tests.RootKeys;

/// <summary>An installation that something outside of it opens: what tests of tokens and of another KMS share.</summary>
public abstract class RootKeyElsewhereTests : ServiceTests, IDisposable
{
    private readonly string _kind;

    protected RootKeyElsewhereTests(string kind)
    {
        _kind = kind;
        Directory.CreateDirectory(Folder.File("data"));
    }

    private protected string Data => App.DataDirectory;

    private protected TemporaryDirectory Folder { get; } = new();

    /// <summary>What no command and no start may print.</summary>
    private protected virtual IEnumerable<string> Secrets => [];

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            Folder.Dispose();
    }

    private protected override QkmsApplication NewApplication() => new(Folder.File("data"));

    private protected static async Task<string> MustAsync(
        string data, Dictionary<string, string?> environment, params string[] arguments)
    {
        (int exitCode, string output) = await CommandProcess.RunAsync(data, environment, arguments);
        exitCode.Should().Be(0, output);
        return output;
    }

    /// <summary>A command on root keys says why in one line, and does nothing.</summary>
    private protected async Task ShouldRefuseAsync(Dictionary<string, string?> environment, string words, params string[] arguments)
    {
        (int exitCode, string output) = await CommandProcess.RunAsync(Data, environment, ["root-key", .. arguments]);
        exitCode.Should().Be(2, output);
        output.Should().Contain(words);
        output.TrimEnd().Should().NotContain("\n");
        Secrets.Where(output.Contains).Should().BeEmpty();
    }

    /// <summary>One line, the exit code of a wrong root key, and nothing was written.</summary>
    private protected async Task<string> ShouldNotStartAsync(Dictionary<string, string?> environment, params string[] words)
    {
        long before = CountEvents();

        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(Data, environment);

        exitCode.Should().Be(1, output);
        string line = output.Split('\n').Should().ContainSingle(line => line.StartsWith("Qkms does not start: ")).Subject;
        foreach (string word in words)
            line.Should().Contain(word);

        output.Should().NotContain("   at ");
        Secrets.Where(output.Contains).Should().BeEmpty();
        CountEvents().Should().Be(before);
        return output;
    }

    private protected (string RootKeyId, string Parameters) ReadRow(string data)
    {
        using Database database = TestStorage.Open(data);
        return (
            database.Strings($"SELECT root_key_id FROM root_wrappers WHERE kind = '{_kind}'").Single(),
            database.Strings($"SELECT parameters FROM root_wrappers WHERE kind = '{_kind}'").Single());
    }

    private protected void WriteRow(string rootKeyId, string parameters)
    {
        using Database database = TestStorage.Open(Data);
        database.Execute($"UPDATE root_wrappers SET root_key_id = '{rootKeyId}', parameters = '{parameters}' WHERE kind = '{_kind}'")
            .Should().Be(1);
    }

    private long CountEvents()
    {
        using Database database = TestStorage.Open(Data);
        return (long)database.Scalar("SELECT COUNT(*) FROM audit_events")!;
    }
}
