using System.ComponentModel;

namespace Qkms.Api.Encryption;

/// <summary>The refusal of one item of a batch.</summary>
/// <param name="ErrorCode">The stable code.</param>
/// <param name="Message">A text for people.</param>
internal sealed record ItemRefusal(
    [property: ErrorCodeField, Description("The stable error code. The message may change.")] string ErrorCode,
    [property: MessageField, Description("A message for people.")] string Message)
{
    public static ItemRefusal? From(KmsException? refusal) => refusal is null ? null : new(refusal.Error.Code, refusal.Message);
}
