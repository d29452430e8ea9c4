namespace Qkms.Tests.RootKeys;

/// <summary>An installation that another Qkms seals: what its tests share.</summary>
public abstract class OtherKmsTests : ServiceTests, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    protected OtherKmsTests() => Directory.CreateDirectory(_directory.File("data"));

    private protected string Data => App.DataDirectory;

    private protected TemporaryDirectory Folder => _directory;

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected override QkmsApplication NewApplication() => new(_directory.File("data"));

    /// <summary>Only the other KMS opens the installation then.</summary>
    private protected async Task SealAsync(OtherKms other, string? key = null)
    {
        _ = App.InitialApiKey;
        await Client.GenerateAsync("AES-256", new { name = "before" });
        string said = await MustAsync(Data, other.Environment(), "root-key", "rotate", $"--aws-kms={key ?? other.KeyId}");
        said.Should().Contain($"QKMS_AWS_KMS_KEY='{key ?? other.KeyId}'").And.NotContain(other.AccessKey.Secret);
        await App.DisposeAsync();
        File.Delete(Path.Combine(Data, "root.key"));
    }

    private protected static async Task<string> MustAsync(
        string data, Dictionary<string, string?> environment, params string[] arguments)
    {
        (int exitCode, string output) = await CommandProcess.RunAsync(data, environment, arguments);
        exitCode.Should().Be(0, output);
        return output;
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
        CountEvents().Should().Be(before);
        return output;
    }

    private protected async Task ShouldRefuseAsync(Dictionary<string, string?> environment, string words, params string[] arguments)
    {
        (int exitCode, string output) = await CommandProcess.RunAsync(Data, environment, ["root-key", .. arguments]);
        exitCode.Should().Be(2, output);
        output.Should().Contain(words);
        output.TrimEnd().Should().NotContain("\n");
    }

    private protected static (string RootKeyId, string Parameters) ReadRow(string data)
    {
        using Database database = TestStorage.Open(data);
        return (
            database.Strings("SELECT root_key_id FROM root_wrappers WHERE kind = 'aws-kms'").Single(),
            database.Strings("SELECT parameters FROM root_wrappers WHERE kind = 'aws-kms'").Single());
    }

    private protected void WriteRow(string rootKeyId, string parameters)
    {
        using Database database = TestStorage.Open(Data);
        database.Execute($"UPDATE root_wrappers SET root_key_id = '{rootKeyId}', parameters = '{parameters}' WHERE kind = 'aws-kms'")
            .Should().Be(1);
    }

    private long CountEvents()
    {
        using Database database = TestStorage.Open(Data);
        return (long)database.Scalar("SELECT COUNT(*) FROM audit_events")!;
    }
}
