using System.Reflection;
using System.Runtime.CompilerServices;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>The methods marked with <see cref="TouchesSecretsAttribute"/>.</summary>
internal static class SecretMethods
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The scratch that is zeroed is of these types.</summary>
    private static readonly RuntimeTypeHandle[][] _instantiations =
        [
            [typeof(byte).TypeHandle], [typeof(short).TypeHandle], [typeof(int).TypeHandle], [typeof(long).TypeHandle],
            [typeof(ulong).TypeHandle]
        ];

    /// <summary>
    /// Constructors and methods written in the source of the engine's types; properties, records' and other generated members are left out.
    /// </summary>
    internal static IEnumerable<MethodBase> WrittenIn(Type type) =>
        type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared))
            .Where(method => !method.IsDefined(typeof(CompilerGeneratedAttribute)) && !method.IsAbstract);

    internal static IEnumerable<MethodBase> All() =>
        typeof(TouchesSecretsAttribute).Assembly
            .GetTypes()
            .SelectMany(WrittenIn)
            .Where(method => method.IsDefined(typeof(TouchesSecretsAttribute)));

    /// <summary>The name by which the JIT's listings call a method, without its parameters.</summary>
    internal static string ListingName(MethodBase method) => $"{method.DeclaringType!.FullName}:{method.Name}";

    /// <summary>Has every method compiled, also those that are always inlined into their callers.</summary>
    internal static void CompileAll()
    {
        foreach (MethodBase method in All())
        {
            if (!method.ContainsGenericParameters)
            {
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
                continue;
            }

            foreach (RuntimeTypeHandle[] instantiation in _instantiations)
                RuntimeHelpers.PrepareMethod(method.MethodHandle, instantiation);
        }

        // Some methods that implement an interface are left out by PrepareMethod: they are compiled when they are called.
        SelfTest.Run(new ManagedEngine());
    }
}
