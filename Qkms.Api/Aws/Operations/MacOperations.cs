using Qkms.Core.Algorithms;
using Qkms.Core.Macs;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record GenerateMacRequest(
    string? KeyId, byte[]? Message, string? MacAlgorithm, IReadOnlyList<string>? GrantTokens, bool? DryRun);

internal sealed record GenerateMacResponse(byte[] Mac, string MacAlgorithm, string KeyId);

internal sealed record VerifyMacRequest(
    string? KeyId, byte[]? Message, byte[]? Mac, string? MacAlgorithm, IReadOnlyList<string>? GrantTokens, bool? DryRun);

internal sealed record VerifyMacResponse(string KeyId, bool MacValid, string MacAlgorithm);

/// <summary>GenerateMac and VerifyMac.</summary>
internal static class MacOperations
{
    private const int MaxMessage = 4096;
    private const int MaxMac = 6144;

    public static void MapMacs(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "GenerateMac",
            new RequiredPermission(Permission.GenerateMac),
            () => AwsJson.Default.GenerateMacRequest,
            () => AwsJson.Default.GenerateMacResponse,
            GenerateMacAsync);
        routes.MapOperation(
            "VerifyMac",
            new RequiredPermission(Permission.VerifyMac),
            () => AwsJson.Default.VerifyMacRequest,
            () => AwsJson.Default.VerifyMacResponse,
            VerifyMacAsync);
    }

    private static async ValueTask<GenerateMacResponse> GenerateMacAsync(AwsCall call, GenerateMacRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        byte[] message = BytesOf(request.Message, MaxMessage, "Message");
        string algorithm = AwsParameters.Require(request.MacAlgorithm, "MacAlgorithm");
        KeyChoice choice = (await FindAsync(call, request.KeyId, algorithm)).For(request.DryRun);
        Used<byte[]> used = await AwsParameters.UseAsync(
            () => call.Service<MacMaker>().GenerateAsync(call.Caller, choice, message, call.Aborted));
        return new GenerateMacResponse(used.Result, algorithm, AwsKeys.ArnOf(call, used.Key.Version.KeyId));
    }

    private static async ValueTask<VerifyMacResponse> VerifyMacAsync(AwsCall call, VerifyMacRequest request)
    {
        AwsParameters.RefuseGrants(request.GrantTokens);
        byte[] message = BytesOf(request.Message, MaxMessage, "Message");
        byte[] mac = BytesOf(request.Mac, MaxMac, "Mac");
        string algorithm = AwsParameters.Require(request.MacAlgorithm, "MacAlgorithm");
        KeyChoice choice = (await FindAsync(call, request.KeyId, algorithm)).For(request.DryRun);
        Used<bool> used = await AwsParameters.UseAsync(
            () => call.Service<MacMaker>().VerifyAsync(call.Caller, choice, message, mac, call.Aborted));
        if (!used.Result)
            throw AwsErrors.InvalidMac.Refusal();

        return new VerifyMacResponse(AwsKeys.ArnOf(call, used.Key.Version.KeyId), MacValid: true, algorithm);
    }

    private static async ValueTask<KeyChoice> FindAsync(AwsCall call, string? keyId, string algorithm)
    {
        KeyChoice choice = await AwsKeys.FindAsync(call, keyId);
        return AwsNames.MacAlgorithmsOf(choice.AlgorithmMeant) is { } known && known.Contains(algorithm)
            ? choice
            : throw KmsErrors.WrongOperation.With($"This key is not for {(algorithm.Length <= 64 ? algorithm : "this MAC algorithm")}.");
    }

    private static byte[] BytesOf(byte[]? given, int most, string member)
    {
        byte[] bytes = AwsParameters.Require(given, member);
        AwsParameters.RequireLength(bytes.Length, 1, most, member);
        return bytes;
    }
}
