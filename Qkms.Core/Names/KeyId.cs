namespace Qkms.Core.Names;

/// <summary>The id of a logical key; it never changes and says nothing.</summary>
public readonly record struct KeyId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}
