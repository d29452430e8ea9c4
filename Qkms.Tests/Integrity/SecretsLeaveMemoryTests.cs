using System.Net;
using System.Text;
using Qkms.Tests.Support;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Integrity;

/// <summary>What the running service was given or made is not in its memory any more once it is wrapped, hashed or used.</summary>
public sealed class SecretsLeaveMemoryTests
{
    // A piece of this many bytes is looked for at every such step of a secret.
    private const int Piece = 16;

    // The first start makes it and writes it to its file; requests bring it in again.
    [ProcessMemoryFact]
    public async Task An_api_key_is_gone_after_the_start_and_after_its_use()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        string apiKey = await File.ReadAllTextAsync(directory.File("initial-api-key"));
        (string, byte[]) bytes = ("API key", Encoding.ASCII.GetBytes(apiKey[^49..]));
        (string, byte[]) text = ("API key as text", Encoding.Unicode.GetBytes(apiKey[^49..]));

        Finds(service, bytes, text).Select(find => find.ToString()).Should().BeEmpty("it was only issued");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => UseAsync(service)));
        Finds(service, bytes, text).Select(find => find.ToString()).Should().BeEmpty("its requests are answered and their connections closed");
        Finds(service, ("path", Encoding.Unicode.GetBytes(directory.Path)[..Piece])).Should().NotBeEmpty("the search finds what is there");
    }

    [ProcessMemoryFact]
    public async Task The_root_key_is_gone_after_the_start()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        string text = (await File.ReadAllTextAsync(directory.File("root.key"))).Trim();

        Finds(service, ("root key", Convert.FromBase64String(text)), ("root key as base64", Encoding.ASCII.GetBytes(text))).Should().BeEmpty();
    }

    // Not of RSA: OpenSSL makes and encodes those keys, and leaves pieces of the encoding in native memory that it has freed.
    [ProcessMemoryFact]
    public async Task Seeds_are_gone_when_they_are_wrapped()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient client = service.Client();
        List<string> kids = [];
        foreach (string algorithm in new[] { "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87" })
        {
            kids.Add((await client.GenerateAsync(algorithm)).Text("kid"));
            kids.Add((await client.RotateAsync(algorithm)).Text("kid"));
        }

        // The values to look for come out of a copy of the database, opened by this process.
        (string, byte[])[] secrets = [.. (await Materials.ExportAsync(service, kids)).Select(exported => (exported.Version.Kid.Value, exported.Secret))];

        Finds(service, secrets).Select(find => find.ToString()).Should().BeEmpty();
    }

    private static async Task UseAsync(ServiceProcess service)
    {
        using HttpClient client = service.Client();
        for (int i = 0; i < 50; i++)
            (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    private static List<ProcessMemory.Find> Finds(ServiceProcess service, params (string Name, byte[] Bytes)[] secrets)
    {
        ProcessMemory.Patterns patterns = new();
        foreach ((string name, byte[] bytes) in secrets)
            patterns.Add<byte>(name, bytes, Piece);

        return ProcessMemory.Search(service.Id, patterns);
    }
}
