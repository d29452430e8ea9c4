namespace Qkms.Api.Http;

/// <summary>A text for people.</summary>
internal sealed class MessageFieldAttribute : FieldAttribute
{
    /// <summary>Such texts are short; the longest lists the algorithms.</summary>
    public const int Longest = 1000;

    public MessageFieldAttribute() => (MaxLength, Example) = (Longest, "The request is not valid.");
}

/// <summary>A stable code for programs.</summary>
internal sealed class ErrorCodeFieldAttribute : FieldAttribute
{
    public ErrorCodeFieldAttribute() => (Pattern, Example) = ("^ERR_[A-Z]+(_[A-Z]+)*_[0-9]{3}$", "ERR_INVALID_001");
}
