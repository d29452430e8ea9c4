using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>The status of a key version.</summary>
internal sealed class StatusFieldAttribute : FieldAttribute
{
    public StatusFieldAttribute() => (Words, Example) = ([.. Enum.GetValues<KeyStatus>().Select(status => status.ToWire())], "active");
}

/// <summary>A status in a query.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The status; null when the text is not one.</param>
[StatusField]
internal readonly record struct StatusText(string Text, KeyStatus? Value) : IParsedText<StatusText>
{
    public static bool TryParse(string? text, out StatusText parsed)
    {
        parsed = new StatusText(text ?? "", KeyWords.ParseStatus(text));
        return true;
    }
}
