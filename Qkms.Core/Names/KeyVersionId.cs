namespace Qkms.Core.Names;

/// <summary>The internal id of a key version; callers know a version by its <see cref="Kid"/>.</summary>
public readonly record struct KeyVersionId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}
