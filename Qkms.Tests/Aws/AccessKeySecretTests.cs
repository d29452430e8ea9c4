using Qkms.Core.ApiKeys;
using Qkms.Core.Sealing;
using Qkms.Tests.Keyrings;

namespace Qkms.Tests.Aws;

/// <summary>How the secrets of access keys are kept.</summary>
public sealed class AccessKeySecretTests
{
    private static readonly Credential _credential = Samples.Credential with
    {
        Kind = Credential.AccessKeyKind,
        LookupId = "AKIAEXAMPLEEXAMPLE22",
        Verifier = null,
        HashKeyId = null,
    };

    /// <summary>A secret opens in its own row and nowhere else.</summary>
    [Fact]
    public void A_secret_opens_in_its_own_row_alone()
    {
        using WrappingKey key = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
        using SecretBytes secret = AccessKeyFormat.NewSecret();
        byte[] wrapped = AccessKeySecret.Wrap(key, _credential, secret);

        using (SecretBytes opened = AccessKeySecret.Open([key], _credential with { SealedSecret = wrapped }))
            opened.Span.SequenceEqual(secret.Span).Should().BeTrue();

        foreach (Credential other in new[]
        {
            _credential with { Id = new CredentialId(Samples.Id(98)) },
            _credential with { TenantId = new TenantId(Samples.Id(99)) },
            _credential with { LookupId = "AKIAEXAMPLEEXAMPLE33" },
            _credential with { Kind = Credential.ApiKeyKind },
        })
            Opening(key, other with { SealedSecret = wrapped }).Should().Throw<SealBrokenException>();

        for (int i = 0; i < wrapped.Length; i++)
        {
            byte[] changed = [.. wrapped];
            changed[i] ^= 1;
            Opening(key, _credential with { SealedSecret = changed }).Should().Throw<SealBrokenException>($"byte {i}");
        }
    }

    /// <summary>An id that was made up is told from one that was issued, without a look into the database.</summary>
    [Fact]
    public void An_id_that_was_made_up_was_not_issued()
    {
        using WrappingKey key = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
        using WrappingKey another = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f507");
        string id = AccessKeyFormat.NewId(key);

        id.Should().MatchRegex("^AKIA[A-Z2-7]{16}$");
        AccessKeyFormat.IsIssued(id, [another, key]).Should().BeTrue();
        for (int i = 0; i < id.Length; i++)
        {
            string changed = id[..i] + (id[i] == 'A' ? 'B' : 'A') + id[(i + 1)..];
            AccessKeyFormat.IsIssued(changed, [key]).Should().BeFalse(changed);
        }

        AccessKeyFormat.IsIssued("", [key]).Should().BeFalse();
        AccessKeyFormat.IsIssued(new string('A', 100_000), [key]).Should().BeFalse();
    }

    /// <summary>The first start on a database of an earlier build makes the key that wraps them.</summary>
    [Fact]
    public async Task A_database_of_an_earlier_build_gets_its_key()
    {
        using TemporaryDirectory directory = new();
        await StartAndStopAsync(directory);
        RemoveKey(directory);

        await using QkmsApplication app = new(directory.Path);
        using HttpClient client = app.Client();
        AwsSigner signer = await client.CreateAccessKeyAsync();

        (await client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBe(HttpStatusCode.OK);
        app.Log.Text.Should().Contain("got its key for the secrets of access keys");
    }

    /// <summary>Where there are secrets already, none is made anew: it would open none of them.</summary>
    [Fact]
    public async Task A_lost_key_of_secrets_that_are_there_stops_the_start()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            await client.CreateAccessKeyAsync();
        }

        RemoveKey(directory);

        (await FailedStart.SentenceAsync(directory.Path)).Should().Contain("no credential-secret key");
    }

    private static async Task StartAndStopAsync(TemporaryDirectory directory)
    {
        await using QkmsApplication app = new(directory.Path);
        _ = app.InitialApiKey;
    }

    private static void RemoveKey(TemporaryDirectory directory)
    {
        using Database database = TestStorage.OpenUntouched(directory.Path);
        database.Execute("DELETE FROM keyring WHERE kind = 6").Should().Be(1);
    }

    private static Action Opening(WrappingKey key, Credential credential) => () => AccessKeySecret.Open([key], credential).Dispose();
}
