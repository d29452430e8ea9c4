using Microsoft.Extensions.Hosting;
using Qkms.Core.Sealing;
using Qkms.Core.Uses;

namespace Qkms.Tests.Hosting;

/// <summary>The same from inside: what a stopping service answers, and what is left of its secrets when it has stopped.</summary>
public sealed class StopInsideTests : ServiceTests
{
    [Fact]
    public async Task While_it_stops_only_liveness_is_answered()
    {
        HttpClient client = Client;
        IHostApplicationLifetime lifetime = App.Services.GetRequiredService<IHostApplicationLifetime>();
        using ManualResetEventSlim stopping = new();
        using ManualResetEventSlim goOn = new();
        lifetime.ApplicationStopping.Register(() =>
        {
            stopping.Set();
            goOn.Wait();
        });

        Task stop = Task.Run(lifetime.StopApplication);
        stopping.Wait();
        try
        {
            StopTests.ShouldSayGoodbye(await client.GetJsonAsync("/health/ready"));
            StopTests.ShouldSayGoodbye(await client.GetJsonAsync("/api/v1/health/ready"));
            StopTests.ShouldSayGoodbye(await client.GetJsonAsync("/kms/keys"));
            StopTests.ShouldSayGoodbye(await client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""));
            (await client.GetJsonAsync("/health/live")).ShouldBe(HttpStatusCode.OK);
            (await client.GetJsonAsync("/api/v1/health/live")).ShouldBe(HttpStatusCode.OK);
        }
        finally
        {
            goOn.Set();
            await stop;
        }
    }

    [Fact]
    public async Task When_it_has_stopped_its_keys_are_gone_from_memory()
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = new byte[1] }, new { kid });
        Keyring keyring = App.Services.GetRequiredService<Keyring>();
        MaterialCache cache = App.Services.GetRequiredService<MaterialCache>();
        IKmsStore store = App.Services.GetRequiredService<IKmsStore>();
        SecretBytes[] secrets =
        [
            keyring.RowSealKey.Secret,
            keyring.CursorKey.Secret,
            .. keyring.CredentialHashKeys.Select(key => key.Secret),
            await CachedAsync(App, cache, kid)
        ];

        App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await Eventually.HoldsAsync(() => Task.FromResult(App.Log.Text.Contains("Qkms has stopped", StringComparison.Ordinal)));

        foreach (SecretBytes secret in secrets)
        {
            Action look = () => _ = secret.Span.Length;
            look.Should().Throw<ObjectDisposedException>();
        }

        cache.Count.Should().Be(0);
        Func<Task> write = () => store.WriteAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);
        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
    }

    private static async Task<SecretBytes> CachedAsync(QkmsApplication app, MaterialCache cache, string kid)
    {
        cache.Count.Should().Be(1);
        (KeyVersion version, _, WrappingKey tenantKey) = await Materials.FindAsync(app, kid);
        tenantKey.Dispose();
        using MaterialLease lease = await cache.RentAsync(version, cache.Generation, CancellationToken.None);
        return ((AesKey)lease.Key).Secret;
    }
}
