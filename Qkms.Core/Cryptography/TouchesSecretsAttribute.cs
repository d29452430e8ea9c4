namespace Qkms.Core.Cryptography;

/// <summary>
/// On a method whose operands may be secret: no <c>/</c>, <c>%</c>, branch, table index or <see cref="Math"/> on them. A test reads the
/// machine code that the JIT makes of each such method, unoptimised and optimised, and fails on a division; another one fails on a method
/// of the engine that is neither marked nor listed there as public.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Constructor)]
internal sealed class TouchesSecretsAttribute : Attribute;
