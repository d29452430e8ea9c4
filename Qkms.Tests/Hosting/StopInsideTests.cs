using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Qkms.Core.Algorithms;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Secrets;
using Qkms.Core.Store;
using Qkms.Core.Uses;
using Qkms.Tests.Support;

namespace Qkms.Tests.Hosting;

/// <summary>The same from inside: what a stopping service answers, and what is left of its secrets when it has stopped.</summary>
public sealed class StopInsideTests
{
    [Fact]
    public async Task While_it_stops_only_liveness_is_answered()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        IHostApplicationLifetime lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
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
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = new byte[1] }, new { kid });
        Keyring keyring = app.Services.GetRequiredService<Keyring>();
        MaterialCache cache = app.Services.GetRequiredService<MaterialCache>();
        IKmsStore store = app.Services.GetRequiredService<IKmsStore>();
        SecretBytes[] secrets = [keyring.RowSealKey.Secret, keyring.CursorKey.Secret, .. keyring.CredentialHashKeys.Select(key => key.Secret), await CachedAsync(app, cache, kid)];

        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        while (!app.Log.Text.Contains("Qkms has stopped", StringComparison.Ordinal))
            await Task.Delay(10);

        foreach (SecretBytes secret in secrets)
        {
            Action look = () => _ = secret.Span.Length;
            look.Should().Throw<ObjectDisposedException>();
        }

        cache.Count.Should().Be(0);
        Func<Task> write = () => store.WriteAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);
        (await write.Should().ThrowAsync<Core.Errors.KmsException>()).Which.Error.Should().Be(Core.Errors.KmsErrors.Unavailable);
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
