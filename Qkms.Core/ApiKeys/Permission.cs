namespace Qkms.Core.ApiKeys;

/// <summary>What can be allowed. Each route of the API needs exactly one.</summary>
public enum Permission
{
    /// <summary><c>algorithms:read</c>: the catalogue of algorithms.</summary>
    AlgorithmsRead,

    /// <summary><c>keys:read</c>: metadata and public keys.</summary>
    KeysRead,

    /// <summary><c>keys:generate</c>.</summary>
    KeysGenerate,

    /// <summary><c>keys:rotate</c>.</summary>
    KeysRotate,

    /// <summary><c>keys:retire</c>.</summary>
    KeysRetire,

    /// <summary><c>keys:revoke</c>.</summary>
    KeysRevoke,
}
