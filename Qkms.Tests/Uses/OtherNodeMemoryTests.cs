using Qkms.Core.Encryption;
using Qkms.Core.Gates;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Tests.Uses;

/// <summary>
/// F-29: the memory of a node that did not itself revoke or destroy a key. The other node is a second set of caches on the same store.
/// </summary>
public sealed class OtherNodeMemoryTests
{
    [Theory]
    [InlineData("AES-256", "revoke")]
    [InlineData("AES-256", "destroy")]
    [InlineData("ML-KEM-768", "revoke")]
    [InlineData("ML-KEM-768", "destroy")]
    [InlineData("RSA-2048", "revoke")]
    public async Task A_refused_use_drops_the_private_key(string algorithm, string end)
    {
        await using OtherNode other = await OtherNode.StartAsync(algorithm);
        await other.EncryptAsync();
        other.Materials.Count.Should().Be(1);

        if (end == "destroy")
        {
            await other.Client.RotateAsync(algorithm);
            await other.Client.DestroyAsync(other.Kid);
        }
        else
        {
            await other.Client.RevokeAsync(other.Kid);
        }

        other.Materials.Count.Should().Be(1, "this node has not been told");
        other.Time.OutliveCaches();
        (await other.Invoking(node => node.EncryptAsync()).Should().ThrowAsync<KmsException>())
            .Which.Error.Should().Be(end == "destroy" ? KmsErrors.KeyDestroyed : KmsErrors.KeyRevoked);

        other.Materials.Count.Should().Be(0);
        await other.Invoking(node => node.EncryptAsync()).Should().ThrowAsync<KmsException>("it stays refused");
        other.Materials.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_retired_version_keeps_its_key_for_what_it_may_still_decrypt()
    {
        await using OtherNode other = await OtherNode.StartAsync("AES-256");
        await other.EncryptAsync();
        await other.Client.RotateAsync("AES-256");
        other.Time.OutliveCaches();

        (await other.Invoking(node => node.EncryptAsync()).Should().ThrowAsync<KmsException>()).Which.Error
            .Should().Be(KmsErrors.KeyRetired);

        other.Materials.Count.Should().Be(1);
    }

    // A caller who keeps asking for a revoked key must not cost the others theirs.
    [Fact]
    public async Task A_refusal_of_a_key_that_is_not_in_memory_changes_nothing_for_other_keys()
    {
        await using OtherNode other = await OtherNode.StartAsync("AES-256");
        await other.Client.RevokeAsync(other.Kid);
        long before = other.Materials.Generation;

        await other.Invoking(node => node.EncryptAsync()).Should().ThrowAsync<KmsException>();

        other.Materials.Generation.Should().Be(before);
    }

    /// <summary>What a second node has for itself, over the store of the first one.</summary>
    private sealed class OtherNode : IAsyncDisposable
    {
        private readonly QkmsApplication _app;
        private readonly Cipher _cipher;
        private readonly Caller _caller;

        private OtherNode(QkmsApplication app, HttpClient client, string kid, KeyVersion version)
        {
            (_app, Client, Kid) = (app, client, kid);
            IServiceProvider services = app.Services;
            KeyStateCache states = ActivatorUtilities.CreateInstance<KeyStateCache>(services, (TimeProvider)Time);
            Materials = new MaterialCache(services.GetRequiredService<IMaterialLoader>(), new MaterialCacheOptions(), Time);
            KeyUses uses = new(
                new KeyResolver(
                    states, services.GetRequiredService<IKmsStore>(), services.GetRequiredService<MissingKeys>(), Time),
                Materials,
                services.GetRequiredService<PrivateKeyGate>(),
                services.GetRequiredService<UseRecorder>(),
                services.GetRequiredService<TenantStates>(),
                services.GetRequiredService<OperationMetrics>(),
                Time);
            _cipher = new Cipher(uses);
            _caller = new Caller(version.TenantId, default, new Access(Roles.Admin, null, null), RequestId: default);
        }

        public ManualTime Time { get; } = ManualTime.Standing();

        public MaterialCache Materials { get; }

        public HttpClient Client { get; }

        public string Kid { get; }

        public static async Task<OtherNode> StartAsync(string algorithm)
        {
            QkmsApplication app = new();
            HttpClient client = app.Client();
            string kid = (await client.GenerateAsync(algorithm)).Text("kid");
            (KeyVersion version, _, Core.Sealing.WrappingKey tenantKey) = await Support.Materials.FindAsync(app, kid);
            tenantKey.Dispose();
            return new OtherNode(app, client, kid, version);
        }

        public async Task EncryptAsync()
        {
            using SecretBytes plaintext = SecretBytes.Random(16);
            KeyChoice choice = new() { Kid = Core.Names.Kid.FromStored(Kid), DefaultAlgorithm = KeyAlgorithm.Aes256 };
            await _cipher.EncryptAsync(_caller, choice, EncryptionContext.Empty, plaintext, CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            Materials.Dispose();
            Client.Dispose();
            await _app.DisposeAsync();
        }
    }
}
