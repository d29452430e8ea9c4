using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record SignRequest(
    string? KeyId, byte[]? Message, string? MessageType, string? SigningAlgorithm, IReadOnlyList<string>? GrantTokens, bool? DryRun);

internal sealed record SignResponse(string KeyId, byte[] Signature, string SigningAlgorithm);

internal sealed record VerifyRequest(
    string? KeyId,
    byte[]? Message,
    string? MessageType,
    byte[]? Signature,
    string? SigningAlgorithm,
    IReadOnlyList<string>? GrantTokens,
    bool? DryRun);

internal sealed record VerifyResponse(string KeyId, bool SignatureValid, string SigningAlgorithm);

/// <summary>Sign and Verify.</summary>
internal static class SigningOperations
{
    private const int MaxMessage = 4096;
    private const int MaxSignature = 6144;
    private const string Raw = "RAW";
    private const string Digest = "DIGEST";
    private const string ExternalMu = "EXTERNAL_MU";

    public static void MapSigning(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "Sign",
            new RequiredPermission(Permission.Sign, Permission.SignHash),
            () => AwsJson.Default.SignRequest,
            () => AwsJson.Default.SignResponse,
            SignAsync);
        routes.MapOperation(
            "Verify",
            new RequiredPermission(Permission.Verify, Permission.VerifyHash),
            () => AwsJson.Default.VerifyRequest,
            () => AwsJson.Default.VerifyResponse,
            VerifyAsync);
    }

    private static async ValueTask<SignResponse> SignAsync(AwsCall call, SignRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        byte[] message = MessageOf(request.Message);
        Signer signer = call.Service<Signer>();
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        SigningWay way = SigningWay.Of(choice.AlgorithmMeant, choice.Use, request.SigningAlgorithm);
        Used<byte[]> used = await AwsParameters.UseAsync(() => (request.MessageType ?? Raw) switch
        {
            Raw => signer.SignAsync(
                Allowed(call, Permission.Sign), choice, message, new SignatureParameters([], way.Hash, way.Padding), call.Aborted),
            Digest => signer.SignHashAsync(
                Allowed(call, Permission.SignHash), choice, message, way.ForDigest(message), call.Aborted),
            ExternalMu => signer.SignMuAsync(Allowed(call, Permission.SignMu), choice, MuOf(message), call.Aborted),
            _ => throw WrongType(),
        });
        return new SignResponse(AwsKeys.ArnOf(call, used.Key.Version.KeyId), used.Result, way.Name);
    }

    private static async ValueTask<VerifyResponse> VerifyAsync(AwsCall call, VerifyRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        byte[] message = MessageOf(request.Message);
        byte[] signature = AwsParameters.Require(request.Signature, "Signature");
        AwsParameters.RequireLength(signature.Length, 1, MaxSignature, "Signature");
        Signer signer = call.Service<Signer>();
        KeyChoice choice = (await AwsKeys.FindAsync(call, request.KeyId)).For(request.DryRun);
        SigningWay way = SigningWay.Of(choice.AlgorithmMeant, choice.Use, request.SigningAlgorithm);
        Used<bool> used = await AwsParameters.UseAsync(() => (request.MessageType ?? Raw) switch
        {
            Raw => signer.VerifyAsync(
                Allowed(call, Permission.Verify),
                choice,
                message,
                new SignatureParameters([], way.Hash, way.Padding),
                signature,
                call.Aborted),
            Digest => signer.VerifyHashAsync(
                Allowed(call, Permission.VerifyHash), choice, message, way.ForDigest(message), signature, call.Aborted),
            ExternalMu => signer.VerifyMuAsync(Allowed(call, Permission.VerifyMu), choice, MuOf(message), signature, call.Aborted),
            _ => throw WrongType(),
        });
        if (!used.Result)
            throw AwsErrors.InvalidSignature.Refusal();

        return new VerifyResponse(AwsKeys.ArnOf(call, used.Key.Version.KeyId), SignatureValid: true, way.Name);
    }

    private static byte[] MessageOf(byte[]? message)
    {
        byte[] given = AwsParameters.Require(message, "Message");
        AwsParameters.RequireLength(given.Length, 1, MaxMessage, "Message");
        return given;
    }

    private static byte[] MuOf(byte[] message) => message.Length == Signer.MuLength
        ? message
        : throw KmsErrors.Invalid.With($"'Message' of type {ExternalMu} must have {Signer.MuLength} bytes.");

    // Both are kms:Sign there; here an access key may be narrowed to messages that are seen.
    private static Caller Allowed(AwsCall call, Permission permission)
    {
        call.Caller.Require(permission);
        return call.Caller;
    }

    private static KmsException WrongType() =>
        KmsErrors.Invalid.With($"'MessageType' must be {Raw}, {Digest} or {ExternalMu}.");
}

/// <summary>What a SigningAlgorithm says.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hash">The hash, where there is a choice.</param>
/// <param name="Padding">The padding, where there is a choice.</param>
internal sealed record SigningWay(string Name, SignatureHash? Hash, SignaturePadding? Padding)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="KmsException">A ValidationException, or an InvalidKeyUsageException where the key has another one.</exception>
    public static SigningWay Of(KeyAlgorithm algorithm, KeyUse? use, string? name)
    {
        AwsParameters.Require(name, "SigningAlgorithm");
        if (AwsNames.SigningAlgorithmsOf(algorithm, use ?? KeyUse.Signature) is not { } known)
            throw KmsErrors.WrongOperation.With($"A {AwsNames.KeySpecOf(algorithm)} key of this usage does not sign.");

        if (!known.Contains(name))
            throw KmsErrors.WrongOperation.With($"The signing algorithms of this key are: {string.Join(", ", known)}.");

        SignatureHash? hash = SignatureHash.All.FirstOrDefault(
            one => (name.StartsWith("RSASSA", StringComparison.Ordinal) || name.StartsWith("ECDSA", StringComparison.Ordinal))
                && name.EndsWith(one.Name.Replace('-', '_'), StringComparison.Ordinal));
        SignaturePadding? padding = name.StartsWith("RSASSA_PKCS1", StringComparison.Ordinal) ? SignaturePadding.Pkcs1
            : name.StartsWith("RSASSA_PSS", StringComparison.Ordinal) ? SignaturePadding.Pss
            : null;
        return new SigningWay(name, hash, padding);
    }

    /// <summary>The parameters for a digest.</summary>
    /// <exception cref="KmsException">It has another length, or the algorithm signs messages only.</exception>
    public HashParameters ForDigest(byte[] digest)
    {
        if (Hash is null)
            throw KmsErrors.Invalid.With("'MessageType' DIGEST is for RSA and ECDSA keys.");

        return digest.Length == Hash.Length
            ? new HashParameters(Hash, [], Padding)
            : throw KmsErrors.Invalid.With($"'Message' of type DIGEST must have {Hash.Length} bytes for {Name}.");
    }
}
