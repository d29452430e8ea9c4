namespace Qkms.Api.Fields;

/// <summary>The number of a key version.</summary>
internal sealed class KeyVersionFieldAttribute : FieldAttribute
{
    public KeyVersionFieldAttribute() => (Minimum, Example) = (1, 1);
}
