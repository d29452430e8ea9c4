using Qkms.Core.Algorithms;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Api.Aws.Operations;

internal sealed record GetKeyLastUsageRequest(string? KeyId);

/// <summary>Times are seconds since 1970.</summary>
internal sealed record GetKeyLastUsageResponse(
    string KeyId, KeyLastUsageData? KeyLastUsage, double TrackingStartDate, double KeyCreationDate);

internal sealed record KeyLastUsageData(string? Operation, double Timestamp, string? CloudTrailEventId, string? KmsRequestId);

/// <summary>GetKeyLastUsage: the counters of uses, and the journal in the place of CloudTrail.</summary>
internal static class LastUsageOperations
{
    // The two that only REST has, Wrap and Unwrap, have no name here.
    private static readonly Dictionary<string, string> _operations = new()
    {
        [OperationNames.Of(KeyOperation.Encrypt)] = "Encrypt",
        [OperationNames.Of(KeyOperation.Decrypt)] = "Decrypt",
        [OperationNames.Of(KeyOperation.DecryptDataKey)] = "Decrypt",
        [OperationNames.Of(KeyOperation.Sign)] = "Sign",
        [OperationNames.Of(KeyOperation.Encapsulate)] = "Encapsulate",
        [OperationNames.Of(KeyOperation.Decapsulate)] = "Decapsulate",
        [OperationNames.Of(KeyOperation.GenerateDataKey)] = "GenerateDataKey",
        [OperationNames.Of(KeyOperation.GenerateMac)] = "GenerateMac",
        [OperationNames.Of(KeyOperation.VerifyMac)] = "VerifyMac",
    };

    public static void MapLastUsage(this RouteGroupBuilder routes) =>
        routes.MapOperation(
            "GetKeyLastUsage",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.GetKeyLastUsageRequest,
            () => AwsJson.Default.GetKeyLastUsageResponse,
            GetAsync);

    private static async ValueTask<GetKeyLastUsageResponse> GetAsync(AwsCall call, GetKeyLastUsageRequest request)
    {
        Key key = await AwsKeys.GetAsync(call, request.KeyId);
        LastUse last = await call.Service<LastUses>().FindAsync(call.Caller, key, call.Aborted);
        return new GetKeyLastUsageResponse(
            key.Id.ToString(),
            last.At is { } at
                ? new KeyLastUsageData(
                    UseReason.ReadOperation(last.Event?.Reason) is { } operation ? _operations.GetValueOrDefault(operation) : null,
                    AwsParameters.SecondsOf(at),
                    last.Event?.Id.ToString(),
                    last.Event?.RequestId?.ToString())
                : null,
            AwsParameters.SecondsOf(last.KnownSince),
            AwsParameters.SecondsOf(key.CreatedAt));
    }
}
