using Qkms.Tests.Aws;

namespace Qkms.Tests.RootKeys;

/// <summary>Another Qkms, a process of its own on this host, with a key that seals root keys and an access key that may use it.</summary>
internal sealed class OtherKms : IAsyncDisposable
{
    private static readonly string[] _names = ["root", "root/*"];

    private readonly TemporaryDirectory _directory;
    private ServiceProcess _service;
    private HttpClient _client;
    private AwsSigner? _admin;
    private int _files;

    private OtherKms(TemporaryDirectory directory, ServiceProcess service) =>
        (_directory, _service, _client) = (directory, service, service.Client());

    /// <summary>The id of the key.</summary>
    public string KeyId { get; private set; } = "";

    /// <summary>The access key: it may encrypt and decrypt, with keys root and root/…, and nothing else.</summary>
    public AwsSigner AccessKey { get; private set; } = null!;

    /// <summary>Where it is.</summary>
    public string Url => _service.Address.ToString();

    public static async Task<OtherKms> StartAsync()
    {
        TemporaryDirectory directory = new();
        OtherKms other = new(directory, await ServiceProcess.StartAsync(directory.File("other")));
        other.KeyId = await other.MakeKeyAsync("root");
        other.AccessKey = await other.MakeAccessKeyAsync("crypto:encrypt", "crypto:decrypt");
        return other;
    }

    /// <summary>A key for encryption; its id.</summary>
    public async Task<string> MakeKeyAsync(string name, string algorithm = "AES-256") =>
        (string)(await _client.GenerateAsync(algorithm, new { name })).ShouldBe(HttpStatusCode.Created).Data["key_id"]!;

    /// <summary>An access key for keys root and root/….</summary>
    public Task<AwsSigner> MakeAccessKeyAsync(params string[] permissions) =>
        _client.CreateAccessKeyAsync(new { permissions, key_names = _names });

    /// <summary>Has an operation done there by somebody who may do everything.</summary>
    public async Task<Answer> DoAsync(string operation, object body) =>
        (await _client.CallAsync(_admin ??= await _client.CreateAccessKeyAsync(), operation, body)).ShouldBe(HttpStatusCode.OK);

    /// <summary>The variables that name its key; without one, as a command has them that makes a root key.</summary>
    public Dictionary<string, string?> Environment(string? key = null, AwsSigner? accessKey = null)
    {
        AwsSigner signer = accessKey ?? AccessKey;
        Dictionary<string, string?> environment = new()
        {
            ["QKMS_AWS_KMS_ENDPOINT"] = Url,
            ["QKMS_AWS_KMS_REGION"] = "eu-west-1",
            ["QKMS_AWS_KMS_CREDENTIALS_FILE"] = _directory.Write(
                $"credentials-{++_files}",
                $"[default]\naws_access_key_id = {signer.AccessKeyId}\naws_secret_access_key = {signer.Secret}\n"),
        };
        if (key is not null)
            environment["QKMS_AWS_KMS_KEY"] = key;

        return environment;
    }

    public async Task StopAsync() => (await _service.TerminateAsync()).Should().Be(0, _service.Output);

    /// <summary>Starts it again, at another address.</summary>
    public async Task StartAgainAsync()
    {
        _service.Dispose();
        _service = await ServiceProcess.StartAsync(_directory.File("other"));
        _client.Dispose();
        _client = _service.Client();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _service.Dispose();
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
