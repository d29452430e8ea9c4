namespace Qkms.Core.Names;

/// <summary>The id of a credential, as it appears in logs and in the journal.</summary>
public readonly record struct CredentialId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}
