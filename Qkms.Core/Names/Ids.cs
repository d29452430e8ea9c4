namespace Qkms.Core.Names;

/// <summary>The id of a logical key; it never changes and says nothing.</summary>
public readonly record struct KeyId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>The internal id of a key version; callers know a version by its <see cref="Kid"/>.</summary>
public readonly record struct KeyVersionId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>The id of a credential, as it appears in logs and in the journal.</summary>
public readonly record struct CredentialId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>The id of a tenant. It comes from the API key, never from a request's body.</summary>
public readonly record struct TenantId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}
