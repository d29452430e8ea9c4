namespace Qkms.Core.Telemetry;

/// <summary>How an operation can end.</summary>
internal static class Outcomes
{
    /// <summary>It was done. A signature that does not verify is a result, too.</summary>
    public const string Ok = "ok";

    /// <summary>The request, the key or the caller did not allow it.</summary>
    public const string Refused = "refused";

    /// <summary>The service could not do it.</summary>
    public const string Failed = "failed";

    /// <summary>The caller hung up.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The outcome that an exception stands for.</summary>
    public static string Of(Exception exception) => exception switch
    {
        KmsException { Error.Kind: not (KmsErrorKind.Internal or KmsErrorKind.Unavailable) } => Refused,
        OperationCanceledException => Cancelled,
        _ => Failed,
    };
}
