namespace Qkms.Core.Names;

/// <summary>The id of a logical key; it never changes and says nothing.</summary>
internal readonly record struct KeyId(Guid Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The internal id of a key version; callers know a version by its <see cref="Kid"/>.</summary>
internal readonly record struct KeyVersionId(Guid Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The id of a credential, as it appears in logs and in the journal.</summary>
internal readonly record struct CredentialId(Guid Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The id of a rotation job.</summary>
internal readonly record struct RotationJobId(Guid Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The id of a tenant. It comes from the API key, never from a request's body.</summary>
internal readonly record struct TenantId(Guid Value)
{
    public override string ToString() => Value.ToString();
}
