using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;

namespace Qkms.Tests.Signatures;

/// <summary>A random source that fails, as the one of an operating system in trouble does.</summary>
public sealed class RandomSourceTests : ServiceTests
{
    // never a signature that is hedged with nothing.
    [Fact]
    public async Task A_failing_random_source_fails_the_call_and_nothing_else()
    {
        UncertainRandomEngine engine = new(PqcEngines.Select(PqcEngines.Managed));
        await using WebApplicationFactory<Program> uncertain = App.WithWebHostBuilder(
            builder => builder.ConfigureTestServices(services => services.AddSingleton<PqcEngine>(engine)));
        using HttpClient client = uncertain.CreateClient();
        client.DefaultRequestHeaders.Add("x-api-key", await File.ReadAllTextAsync(Path.Combine(App.DataDirectory, "initial-api-key")));
        await client.GenerateAsync("ML-DSA-65");
        object message = new { message = "to be"u8.ToArray(), algorithm = "ML-DSA-65" };
        object hash = new { hash = new byte[64], hash_algorithm = "SHA-512", algorithm = "ML-DSA-65" };
        await client.MustUseAsync("/signature/sign", message);

        engine.Fails = true;
        Answer[] failed = [await client.UseAsync("/signature/sign", message), await client.UseAsync("/signature/sign-hash", hash)];
        engine.Fails = false;

        foreach (Answer answer in failed)
            answer.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001").Body
                .Should().NotContain("signature").And.NotContain("andom", "the unknown says nothing");

        await client.MustUseAsync("/signature/sign", message);
    }
}
