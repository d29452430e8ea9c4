namespace Qkms.Tests.RootKeys;

/// <summary>The parameters of a passphrase stand in a row that somebody else may have written.</summary>
public sealed class PassphraseKindTests
{
    private const string Salt = "AAAAAAAAAAAAAAAAAAAAAA";
    private const string None = "parameters that no release writes";

    [Fact]
    public async Task What_was_made_says_what_it_costs_and_opens()
    {
        using RootSecrets secrets = SecretsWithPassphrase();
        (RootKey made, string parameters) = PassphraseKind.Create(secrets.Passphrases.Single());
        using (made)
        {
            RootWrapper wrapper = Wrapper(parameters, made.Id);

            new PassphraseKind().Describe(wrapper).Should().Be("Argon2id, 64 MiB, 3 passes, 4 lanes");
            using RootKey? found = await new PassphraseKind().FindAsync(wrapper, secrets, CancellationToken.None);
            found!.Id.Should().Be(made.Id);
        }
    }

    // No memory is taken, and no time spent, that no release asks for.
    [Theory]
    [InlineData($"$argon2id$v=19$m=99999999,t=3,p=4${Salt}")]
    [InlineData($"$argon2id$v=19$m=65536,t=99,p=4${Salt}")]
    [InlineData($"$argon2id$v=19$m=65536,t=3,p=99${Salt}")]
    [InlineData($"$argon2id$v=19$m=8,t=1,p=4${Salt}")]
    [InlineData($"$argon2i$v=19$m=65536,t=3,p=4${Salt}")]
    [InlineData("$argon2id$v=19$m=65536,t=3,p=4$AAAA")]
    [InlineData("")]
    public async Task What_no_release_writes_is_not_tried(string parameters)
    {
        using RootSecrets secrets = SecretsWithPassphrase();
        RootWrapper wrapper = Wrapper(parameters, "00");

        new PassphraseKind().Describe(wrapper).Should().Be(None);
        (await new PassphraseKind().FindAsync(wrapper, secrets, CancellationToken.None)).Should().BeNull();
    }

    private static RootSecrets SecretsWithPassphrase()
    {
        RootSecrets secrets = new(new RootKeyLocator(new RootKeyEnvironment(), "/nowhere"));
        secrets.Present(Passphrase.Read("correct horse battery staple lamp"u8, "a test"));
        return secrets;
    }

    private static RootWrapper Wrapper(string parameters, string rootKeyId) => new(
        Guid.Empty, Guid.Empty, PassphraseKind.KindName, parameters, rootKeyId, KeyringState.InUse, [], DateTimeOffset.UnixEpoch);
}
