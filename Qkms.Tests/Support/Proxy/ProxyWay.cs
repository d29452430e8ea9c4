namespace Qkms.Tests.Support.Proxy;

/// <summary>How a <see cref="PostgresProxy"/> treats connections.</summary>
internal enum ProxyWay
{
    /// <summary>They pass.</summary>
    Open,

    /// <summary>They are cut as soon as they are made, and those that exist at once.</summary>
    Refusing,

    /// <summary>Nobody listens: the system refuses them. Those that exist are cut.</summary>
    Closed,

    /// <summary>The network is gone: they are taken and kept, and nothing passes until it is back.</summary>
    Silent,
}
