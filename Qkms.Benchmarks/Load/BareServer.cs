using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;
using Qkms.Core.Cryptography.Rfc9180;
using Qkms.Core.Names;
using Qkms.Core.Secrets;

namespace Qkms.Benchmarks.Load;

/// <summary>
/// The same primitives with keys that are loaded, behind nothing but the web server and its JSON: what the machine can do at most.
/// </summary>
internal static class BareServer
{
    internal const string Command = "load-bare";

    internal static async Task<int> RunAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(
            options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, BareJsonContext.Default));
        await using WebApplication app = builder.Build();
        app.MapGet("/hello", () => new BareHello("live"));
        MapSymmetric(app);
        MapKem(app);
        MapSignatures(app);
        await app.RunAsync();
        return 0;
    }

    private static void MapSymmetric(WebApplication app)
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        KeyVersionId id = new(Guid.Empty);
        app.MapPost("/aes", (BarePlaintext request) =>
            new BareCiphertext(BlobV1.Protect(BlobPurpose.Encryption, id, key, EncryptionContext.Empty, request.Plaintext)));
        app.MapPost("/aes-decrypt", (BareCiphertext request) =>
        {
            using SecretBytes? plaintext = BlobV1.TryOpen(BlobPurpose.Encryption, id, key, EncryptionContext.Empty, request.Ciphertext);
            return plaintext is null ? Results.BadRequest() : Results.Ok(new BarePlaintext(plaintext.Span.ToArray()));
        });
        app.MapPost("/data-key", (BareNothing _) =>
        {
            byte[] dataKey = RandomNumberGenerator.GetBytes(32);
            return new BareDataKey(dataKey, BlobV1.Protect(BlobPurpose.DataKey, id, key, EncryptionContext.Empty, dataKey));
        });
    }

    private static void MapKem(WebApplication app)
    {
        MLKemManaged key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        app.MapPost("/kem-generate", (BareNothing _) =>
        {
            using MLKemManaged made = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
            return new BareKey(made.ExportEncapsulationKey());
        });
        app.MapPost(
            "/kem-encrypt",
            (BarePlaintext request) => new BareCiphertext(Hpke.Seal(key, [], EncryptionContext.Empty.Canonical, request.Plaintext)));
        app.MapPost("/kem-decrypt", (BareCiphertext request) =>
        {
            byte[] plaintext = new byte[request.Ciphertext.Length - Hpke.Overhead(key.Algorithm)];
            return Hpke.TryOpen(key, [], EncryptionContext.Empty.Canonical, request.Ciphertext, plaintext)
                ? Results.Ok(new BarePlaintext(plaintext))
                : Results.BadRequest();
        });
    }

    private static void MapSignatures(WebApplication app)
    {
        MLDsaManaged mlDsa = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        RSA rsa = RSA.Create(2048);
        app.MapPost("/mldsa-sign", (BareMessage request) =>
        {
            byte[] signature = new byte[mlDsa.Algorithm.SignatureSizeInBytes];
            mlDsa.SignData(request.Message.AsSpan(), signature);
            return new BareSignature(signature);
        });
        app.MapPost(
            "/rsa-sign",
            (BareMessage request) => new BareSignature(rsa.SignData(request.Message, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
    }
}
